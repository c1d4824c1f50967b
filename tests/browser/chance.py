"""Faults by chance: one in so many requests, the same ones for the same seed, and no kind left out."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import cycle

from . import faults
from .proxy import Exchange, Fault, pass_on

EVERY_KIND: dict[str, Fault] = {
    "drop": faults.drop,
    "swallow": faults.swallow,
    "swallow politely": faults.swallow_politely,
    "cut": faults.cut,
    "truncate": faults.truncate,
    "delay": faults.delay(0.3),
    "500": faults.answer(faults.server_error),
    "502": faults.answer(faults.bad_gateway),
    "503": faults.answer(faults.service_unavailable),
    "login page": faults.answer(faults.login_redirect),
    "portal": faults.answer(faults.captive_portal),
    "portal with JSON": faults.answer(faults.captive_portal_json),
    "half a verdict": faults.answer(faults.truncated_verdict),
}


class Chance:
    """A fault for one in `of` requests, at a random place among them, each kind in its turn. `met` names them."""

    def __init__(self, of: int, seed: int) -> None:
        self.met: list[str] = []
        self._strikes = strikes(of, random.Random(seed))  # noqa: S311 (dice, not secrets)
        self._kinds = cycle(EVERY_KIND)

    async def __call__(self, exchange: Exchange) -> None:
        if not next(self._strikes):
            return await pass_on(exchange)
        self.met.append(next(self._kinds))
        await EVERY_KIND[self.met[-1]](exchange)


def strikes(of: int, dice: random.Random) -> Iterator[bool]:
    while True:
        struck = dice.randrange(of)
        yield from (place == struck for place in range(of))
