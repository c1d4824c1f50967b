"""Who and what: the keys that make a replay recognisable. Standard library only.

An item's primary key is derived from its owner and the client's id, so that one index deduplicates, scopes by owner
and orders by time, and another user with the same item id gets another row. It must not depend on SECRET_KEY: a
rotation would run every replay again.
"""

from __future__ import annotations

import hmac
import random
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from hashlib import blake2b, sha256
from uuid import UUID, SafeUUID

_RANDOM_BITS = 74
_VARIANT = 0b10
_UNKNOWN = SafeUUID.unknown
_set = object.__setattr__  # a UUID's own refuses


def item_key(owner: str, item_id: UUID) -> UUID:
    """UUIDv8 (RFC 9562): the 48-bit millisecond timestamp of a v7 `item_id` (else 0), then 74 bits of blake2b(owner,
    item id).
    """
    return _assemble(8, timestamp_of(item_id), _digest(owner, item_id))


def client_key(owner: str, client_id: UUID) -> UUID:
    """UUIDv8 of one browser profile as seen by one owner; no timestamp."""
    return _assemble(8, 0, _digest(owner, client_id))


def key_id(key: str) -> UUID:
    """The item id of an idempotency key: UUIDv8 of its blake2b; no timestamp."""
    return _assemble(8, 0, int.from_bytes(blake2b(key.encode(), digest_size=10).digest()))


def first_key(instant: datetime, version: int = 8) -> UUID:
    """The lowest key of that millisecond: of items (8), or of rows that the server made (7)."""
    return _assemble(version, int(instant.timestamp() * 1000), 0)


def uuid7() -> UUID:
    """A fresh UUIDv7 (RFC 9562) for rows made by the server."""
    # Unique, not secret: the generator is seeded by the system, again after each fork, and is no system call.
    return _assemble(7, time.time_ns() // 1_000_000, random.getrandbits(_RANDOM_BITS))


def numbered(number: int) -> UUID:
    """`UUID(int=number)` of a number of 128 bits, without its questions about other arguments: in half the time."""
    made = UUID.__new__(UUID)
    _set(made, "int", number)
    _set(made, "is_safe", _UNKNOWN)
    return made


def timestamp_of(item_id: UUID) -> int:
    """Milliseconds since the epoch held by a UUIDv7; 0 for every other kind."""
    number = item_id.int
    is_v7 = (number >> 76) & 0xF == 7 and (number >> 62) & 0b11 == _VARIANT
    return number >> 80 if is_v7 else 0


def owner_key(salt: bytes, owner: str) -> str:
    """The opaque name of an owner that devices see: 22 characters, stable, authorises nothing."""
    digest = hmac.digest(salt, owner.encode(), "sha256")
    return urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


def fingerprint(
    tag: str, lane: str, payload: bytes, digests: Mapping[str, str] | None = None, *, like: str | None = None
) -> str:
    """What makes two items with one id the same item: a digest of tag, lane, canonical payload, and the name and
    digest of each file.

    Prefixed with the number of its algorithm: the present one, or that of the fingerprint `like`, to compare with it.
    """
    parts = [tag.encode(), lane.encode(), payload]
    if digests:
        parts += [part.encode() for named in sorted(digests.items()) for part in named]
    wanted = like.partition(":")[0] if like else FINGERPRINT_ALGORITHM
    algorithm = wanted if wanted in ALGORITHMS else FINGERPRINT_ALGORITHM
    return f"{algorithm}:{ALGORITHMS[algorithm](parts)}"


def _sha256(parts: Iterable[bytes]) -> str:
    return sha256(b"\0".join(parts)).hexdigest()


ALGORITHMS: dict[str, Callable[[Iterable[bytes]], str]] = {"1": _sha256}
"""None is ever taken out: rows of its time are still replayed. A release that writes a new one comes after one that
reads it, since both serve while a deployment is under way.
"""
FINGERPRINT_ALGORITHM = "1"


def _digest(owner: str, identifier: UUID) -> int:
    return int.from_bytes(blake2b(owner.encode() + b"\0" + identifier.bytes, digest_size=10).digest())


def _assemble(version: int, timestamp: int, rest: int) -> UUID:
    rest &= (1 << _RANDOM_BITS) - 1
    high, low = rest >> 62, rest & ((1 << 62) - 1)
    if version == 8 and low < 1 << 56:
        low |= 1 << 56  # a version 8 whose ninth byte is 0x80 is an "Incorrect uuid value" to MariaDB (10.11)
    return numbered(timestamp << 80 | version << 76 | high << 64 | _VARIANT << 62 | low)
