"""How many items a sender may bring in a while: counted in Django's cache, in fixed windows, item by item.

DRF's throttles count requests, one of which may bring a hundred items, and read and write the cache in two steps.
"""

from __future__ import annotations

import logging
import math
import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b

from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from django_bgsync import drf
from django_bgsync.conf import settings
from django_bgsync.exceptions import Throttled
from django_bgsync.owners import Owner

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

logger = logging.getLogger("django_bgsync")


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowance:
    """How many of the items asked for may be taken, and after how many seconds there may be more."""

    asked: int
    granted: int
    retry_after: int = 0

    @property
    def is_short(self) -> bool:
        return self.granted < self.asked


def sender_of(request: HttpRequest) -> str:
    """Whose items a request brings: its user's, or those of everybody at its address."""
    return Owner(request.user).reference if request.user.is_authenticated else f"a:{drf.address_of(request)}"


def admit(sender: str, what: str = "items") -> None:
    """Take one. Raises Throttled if nothing is left."""
    allowance = take(sender, 1, what)
    if allowance.is_short:
        raise Throttled(retry_after=allowance.retry_after)


def take(sender: str, items: int, what: str = "items") -> Allowance:
    """Take items from what is left to a sender, as far as there is something left; nobody's (`""`) are not counted.
    There are as many `clients` as items.

    A cache that is down must not keep items from arriving: without an answer of it everything is granted.
    """
    if not (sender and items and settings.THROTTLE_ITEMS):
        return Allowance(asked=items, granted=items)
    limit, period = parse(settings.THROTTLE_ITEMS)
    now = time.time()
    window = int(now // period)
    key = f"django_bgsync:{what}:{blake2b(sender.encode(), digest_size=16).hexdigest()}:{window}"
    over = min(items, max(0, _count(key, items, 2 * period) - limit))
    if over:
        _count(key, -over, 2 * period)
    return Allowance(asked=items, granted=items - over, retry_after=math.ceil((window + 1) * period - now))


def parse(rate: str) -> tuple[int, int]:
    """`"6000/min"` as (6000, 60): items, and the seconds of a window. Raises ImproperlyConfigured."""
    number, _, period = rate.partition("/")
    if not number.isdecimal() or period[:1] not in SECONDS:
        raise ImproperlyConfigured(f"THROTTLE_ITEMS is {rate!r}; write it as '6000/min' (or /s, /hour, /day).")
    return int(number), SECONDS[period[:1]]


def _count(key: str, items: int, timeout: int) -> int:
    """Add to a counter, in one step. Its new value; 0 if the cache has none."""
    try:
        with suppress(ValueError):  # most often there is one already
            return _add(key, items)
        cache.add(key, 0, timeout)
        return _add(key, items)
    except ValueError:  # the cache keeps nothing
        return 0
    except Exception:
        logger.warning("Items are not counted: the cache does not answer.", exc_info=True)
        return 0


def _add(key: str, items: int) -> int:
    return cache.incr(key, items) if items > 0 else cache.decr(key, -items)
