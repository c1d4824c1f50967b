"""Exponential backoff with jitter, in seconds."""

from __future__ import annotations

import random


def delay(attempt: int, *, first: float, factor: float, cap: float) -> float:
    """Seconds to wait after try number `attempt` (1-based): uniform in [d/2, d], d = min(cap, first *
    factor^(attempt-1)).

    Half of the wait is fixed so that a crowd that failed together neither returns together nor at once ("equal
    jitter", Marc Brooker, AWS Architecture Blog, 2015).
    """
    try:
        ceiling = min(cap, first * factor ** (attempt - 1))
    except OverflowError:
        ceiling = cap
    return random.uniform(ceiling / 2, ceiling)  # noqa: S311 - spreading load, not a secret
