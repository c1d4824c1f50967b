"""Faults by chance, the same ones for the same seed."""

from __future__ import annotations

import random
from collections import Counter

from . import faults
from .proxy import Exchange, Fault, pass_on

EVERY_KIND: list[Fault] = [
    faults.drop,
    faults.swallow,
    faults.swallow_politely,
    faults.cut,
    faults.truncate,
    faults.delay(0.3),
    *map(
        faults.answer,
        [
            faults.server_error,
            faults.bad_gateway,
            faults.service_unavailable,
            faults.login_redirect,
            faults.captive_portal,
            faults.captive_portal_json,
            faults.truncated_verdict,
        ],
    ),
]


class Chance:
    """A fault for a share of the requests, each kind in turn so that none is left out. `met` counts them by number."""

    def __init__(self, share: float, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 (dice, not secrets)
        self._share = share
        self.met: Counter[int] = Counter()
        self.passed = 0

    async def __call__(self, exchange: Exchange) -> None:
        if self._random.random() >= self._share:
            self.passed += 1
            return await pass_on(exchange)
        number = sum(self.met.values()) % len(EVERY_KIND)
        self.met[number] += 1
        await EVERY_KIND[number](exchange)
