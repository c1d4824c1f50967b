"""Keys that make a replay recognisable: they may never change, or old replays would run again."""

from __future__ import annotations

import copy
import pickle
import time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_bgsync.identity import client_key, fingerprint, item_key, numbered, owner_key, timestamp_of, uuid7

V7 = UUID("019a9f2e-63f1-7cc1-b1a5-8a4d3d0f2b11")
V4 = UUID("0d9d1b58-7c0c-4a52-8c0e-6b5e1c6a6f10")
uuids = st.uuids(version=4) | st.integers(0, 2**128 - 1).map(lambda number: UUID(int=number))
owners = st.text(max_size=50)


@pytest.mark.parametrize(
    ("item_id", "key"),
    [
        (V7, "019a9f2e-63f1-8ba3-874e-64f6ffbbbf11"),
        (V4, "00000000-0000-8fe1-a252-c06b2d4a93e4"),
    ],
)
def test_known_keys(item_id, key):
    """Keys made by the first release are made by every later one."""
    assert str(item_key("u:7", item_id)) == key


def test_known_client_key():
    """The same for clients."""
    assert str(client_key("u:7", V4)) == "00000000-0000-8fe1-a252-c06b2d4a93e4"


def test_known_owner_key():
    """The same for what devices see of an owner: 22 characters of the HMAC."""
    assert owner_key(bytes(32), "u:7") == "AufvbE_8G9RXF-Vrg6hkOA"


def test_known_fingerprint():
    """The same for fingerprints, which name their algorithm."""
    assert (
        fingerprint("post", "", b'{"text":"hi"}')
        == "1:78327dc8c721540be0c9d286937d8a092d60453ffa7838809f698a03bf1fa42f"
    )


@given(owner=owners, item_id=uuids)
def test_item_key_is_a_uuid8(owner, item_id):
    """Whatever the id is, its key is a UUIDv8 that begins with the id's own time."""
    key = item_key(owner, item_id)

    assert (key.version, key.variant) == (8, "specified in RFC 4122")
    assert key.int >> 80 == timestamp_of(item_id)
    assert key == item_key(owner, item_id)


@given(owner=owners, other=owners, item_id=uuids, other_id=uuids)
def test_item_key_tells_owners_and_ids_apart(owner, other, item_id, other_id):
    """Two keys are the same only for the same owner and id."""
    same = (owner, item_id) == (other, other_id)

    assert (item_key(owner, item_id) == item_key(other, other_id)) is same


@given(first=st.integers(0, 2**48 - 1), second=st.integers(0, 2**48 - 1))
def test_item_keys_sort_by_time(first, second):
    """Items minted later have larger keys."""
    earlier, later = sorted([first, second])
    keys = [item_key("u:7", UUID(int=ms << 80 | 7 << 76 | 2 << 62)) for ms in (earlier, later)]

    assert keys == sorted(keys) or earlier == later


@pytest.mark.parametrize("item_id", [V4, UUID(int=0), UUID(int=2**128 - 1)])
def test_other_versions_carry_no_time(item_id):
    """Ids that are not v7 have the time 0."""
    assert timestamp_of(item_id) == 0


def test_time_of_a_v7():
    """A v7 id's time is in milliseconds since 1970."""
    assert timestamp_of(V7) == 0x019A9F2E63F1


@given(st.integers(0, 2**128 - 1), st.integers(0, 15))
def test_only_v7_ids_have_a_time(number, version):
    """Other versions do not, nor other variants."""
    item_id = UUID(int=number & ~(0xF << 76) | version << 76)

    assert timestamp_of(item_id) == (item_id.int >> 80 if item_id.version == 7 else 0)


@given(st.integers(0, 2**128 - 1))
def test_numbered(number):
    """The UUID of a number is one like any other."""
    made, other = numbered(number), UUID(int=number)

    assert (made, hash(made), str(made), made.is_safe) == (other, hash(other), str(other), other.is_safe)
    assert pickle.dumps(made) == pickle.dumps(other)
    assert copy.deepcopy(made) == other


def test_uuid7_is_new_and_of_now():
    """Rows of the server get ids of this millisecond, each another one."""
    before = time.time_ns() // 1_000_000
    made = [uuid7() for _ in range(1000)]
    after = time.time_ns() // 1_000_000

    assert {(each.version, each.variant) for each in made} == {(7, "specified in RFC 4122")}
    assert before <= timestamp_of(made[0]) <= timestamp_of(made[-1]) <= after
    assert len(set(made)) == 1000


@given(salt=st.binary(min_size=32, max_size=32), owner=owners, other=owners)
def test_owner_key_tells_owners_apart(salt, owner, other):
    """Owner keys are as different as their owners."""
    assert (owner_key(salt, owner) == owner_key(salt, other)) is (owner == other)


def test_owner_key_depends_on_the_salt():
    """Nobody can compute an owner's key who does not know the salt."""
    assert owner_key(bytes(32), "u:7") != owner_key(bytes(31) + b"1", "u:7")


tags = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,10}", fullmatch=True)
lanes = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=10)


@given(one=st.tuples(tags, lanes, st.binary(max_size=20)), two=st.tuples(tags, lanes, st.binary(max_size=20)))
def test_fingerprint_tells_contents_apart(one, two):
    """Tag, lane and payload each count, and none can pass for a part of another."""
    assert (fingerprint(*one) == fingerprint(*two)) is (one == two)
