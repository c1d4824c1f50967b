"""Typed access to the members of somebody else's JSON object."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_bgsync.exceptions import InvalidEnvelope
from django_bgsync.fields import MAX_COUNT, MAX_INTEGER, Fields, is_uuid

ID = "019a9f2e-63f1-7cc1-b1a5-8a4d3d0f2b11"
METHODS = {
    "optional_uuid": None,
    "string": "",
    "integer": None,
    "count": 0,
    "boolean": False,
    "mapping": {},
    "sequence": [],
    "instant": None,
}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def read(method: str, value: object, *args: object, **options: object) -> object:
    return getattr(Fields({"x": value}, "It"), method)("x", *args, **options)


@pytest.mark.parametrize("value", [None, 7, "x", [], True])
def test_no_object(value):
    """What is no object is named in the error."""
    with pytest.raises(InvalidEnvelope, match=r"^It must be a JSON object\.$"):
        Fields(value, "It")


@pytest.mark.parametrize(("method", "empty"), METHODS.items())
def test_absent_and_null(method, empty):
    """A member that is absent is as good as null, and either is empty."""
    assert getattr(Fields({}, "It"), method)("x") == read(method, None) == empty


@pytest.mark.parametrize(
    ("method", "value", "expected"),
    [
        ("uuid", ID, UUID(ID)),
        ("uuid", ID.upper(), UUID(ID)),
        ("optional_uuid", ID, UUID(ID)),
        ("string", "", ""),
        ("string", "x" * 100, "x" * 100),
        ("integer", 0, 0),
        ("integer", MAX_INTEGER, MAX_INTEGER),
        ("count", 3, 3),
        ("count", MAX_COUNT, MAX_COUNT),
        ("boolean", True, True),
        ("boolean", False, False),
        ("mapping", {"a": 1}, {"a": 1}),
        ("sequence", [1], [1]),
        ("instant", "2026-11-20T10:00:00.123Z", datetime(2026, 11, 20, 10, 0, 0, 123000, UTC)),
        ("instant", "2026-11-20T10:00:00+02:00", datetime(2026, 11, 20, 8, tzinfo=UTC)),
        ("instant", "2026-11-20T10:00:00", datetime(2026, 11, 20, 10, tzinfo=UTC)),
    ],
)
def test_good_values(method, value, expected):
    """A value of the right kind is read."""
    assert read(method, value) == expected


@pytest.mark.parametrize(
    ("method", "value", "says"),
    [
        ("uuid", None, "a UUID of 36 characters"),
        ("uuid", 7, "a UUID of 36 characters"),
        ("optional_uuid", "", "a UUID of 36 characters"),
        ("string", 7, "a string of at most 100 characters"),
        ("string", "x" * 101, "a string of at most 100 characters"),
        ("integer", "7", "an integer from 0 to 9007199254740991"),
        ("integer", True, "an integer from 0 to 9007199254740991"),
        ("integer", 7.0, "an integer from 0 to 9007199254740991"),
        ("integer", -1, "an integer from 0 to 9007199254740991"),
        ("integer", MAX_INTEGER + 1, "an integer from 0 to 9007199254740991"),
        ("count", MAX_COUNT + 1, "an integer from 0 to 2147483647"),
        ("boolean", 1, "true or false"),
        ("boolean", "true", "true or false"),
        ("mapping", [], "a JSON object"),
        ("mapping", 0, "a JSON object"),
        ("sequence", {}, "a list"),
        ("sequence", "", "a list"),
        ("instant", 7, "an ISO 8601 date and time"),
        ("instant", "soon", "an ISO 8601 date and time"),
        ("instant", "2026-02-30T00:00:00Z", "an ISO 8601 date and time"),
        ("instant", "0001-01-01T00:00:00+01:00", "an ISO 8601 date and time"),
        ("instant", "9999-12-31T23:59:59-01:00", "an ISO 8601 date and time"),
    ],
)
def test_bad_values(method, value, says):
    """The error names the member and what is allowed."""
    with pytest.raises(InvalidEnvelope) as raised:
        read(method, value)
    assert raised.value.detail == f"x must be {says}."


def test_choice():
    """A choice is one of the given ones, or empty."""
    assert [read("choice", value, ("a", "b")) for value in ("a", None)] == ["a", ""]
    for bad in ("c", "", 7, ["a"]):
        with pytest.raises(InvalidEnvelope, match=r"^x must be one of a, b\.$"):
            read("choice", bad, ("a", "b"))


@pytest.mark.parametrize(
    "value",
    [
        ID.replace("-", ""),
        f"{{{ID}}}",
        f"urn:uuid:{ID}",
        f" {ID}",
        f"{ID}\n",
        ID[:-1],
        ID.replace("0", "٠"),  # noqa: RUF001 - digits that are not ASCII are what is tested
        UUID(ID),
        None,
    ],
)
def test_only_36_characters_are_a_uuid(value):
    """Python's own parser takes more spellings; one id must have one."""
    assert not is_uuid(value)


@given(st.sampled_from([*METHODS, "uuid"]), anything)
def test_any_value(method, value):
    """Whatever is sent, it is read or refused as a fault of the envelope."""
    with contextlib.suppress(InvalidEnvelope):
        read(method, value)


offsets = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(timezones=offsets))
def test_any_instant(instant):
    """Every time with an offset is read as the same time in UTC, or refused at the ends of the calendar."""
    try:
        found = read("instant", instant.isoformat())
    except InvalidEnvelope:
        assert not datetime(1, 1, 2) < instant.replace(tzinfo=None) < datetime(9999, 12, 30)
    else:
        assert (found, found.utcoffset()) == (instant, timedelta(0))
