"""Waits between tries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_bgsync.backoff import delay

positive = st.floats(min_value=0.001, max_value=1e6)


@pytest.mark.parametrize(
    ("attempt", "ceiling"), [(1, 5), (2, 25), (3, 125), (4, 625), (5, 3125), (6, 15625), (7, 21600), (8, 21600)]
)
def test_contracts_waits(attempt, ceiling):
    """With the contract's figures the eight tries span half a day: 5 s, 25 s ... 6 h, half of each by chance."""
    waits = [delay(attempt, first=5, factor=5, cap=6 * 3600) for _ in range(200)]

    assert ceiling / 2 <= min(waits) < ceiling * 0.6
    assert ceiling * 0.9 < max(waits) <= ceiling


@given(attempt=st.integers(min_value=1, max_value=10**6), first=positive, factor=st.floats(1, 1000), cap=positive)
def test_never_beyond_the_cap(attempt, first, factor, cap):
    """No number of tries makes the wait longer than the cap, or an error."""
    assert 0 < delay(attempt, first=first, factor=factor, cap=cap) <= cap
