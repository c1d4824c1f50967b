"""Histograms: every duration has one bucket, they add up, and percentiles are near the truth."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_bgsync.histograms import BOUNDS, bucket, percentile, total

DURATIONS = st.integers(min_value=0, max_value=BOUNDS[-1] - 1)


def histogram(durations):
    return {str(number): count for number, count in Counter(map(bucket, durations)).items()}


def test_bounds():
    """From a millisecond to seven weeks, each about half as large again as the one before."""
    assert (BOUNDS[0], BOUNDS[-1]) == (1, 2**32)
    assert all(1 < high / low <= 2 for low, high in pairwise(BOUNDS))


@pytest.mark.parametrize(("milliseconds", "number"), [(-5, 0), (0, 0), (0.9, 0), (1, 1), (2, 2), (2**40, len(BOUNDS))])
def test_bucket(milliseconds, number):
    """A bound belongs to the bucket above it; what is out of range is in the first or the last."""
    assert bucket(milliseconds) == number


@given(st.lists(DURATIONS), st.lists(DURATIONS))
def test_sums(some, others):
    """The histogram of two sets is the sum of theirs."""
    assert total([histogram(some), histogram(others)]) == histogram(sorted(some + others))


@given(st.lists(DURATIONS, min_size=1), st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_percentiles(durations, share):
    """A percentile lies in the bucket of the duration that it stands for."""
    exact = sorted(durations)[max(0, math.ceil(share * len(durations)) - 1)]
    low, high = [0, *BOUNDS][bucket(exact)], BOUNDS[bucket(exact)]

    assert low <= percentile(histogram(durations), share) <= high


def test_nothing():
    """Of nothing there is no percentile."""
    assert percentile({}, 0.5) is None


def test_without_end():
    """What is longer than the last bound counts as that bound."""
    assert percentile({str(len(BOUNDS)): 3}, 0.5) == BOUNDS[-1]
