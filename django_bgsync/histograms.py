"""Histograms of durations: how many fell between fixed bounds. Standard library only.

The bounds grow by the square root of two, from one millisecond to fifty days, so that a percentile is off by a fifth at
most, whatever it measures. Histograms add up: those of many hours are that of a day. Stored as JSON objects, number of
the bucket to count, without empty buckets.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping

BOUNDS = tuple(sorted({round(2 ** (step / 2)) for step in range(65)}))
"""Milliseconds. Bucket 0 is what lies below the first, bucket n what lies at or above bound n - 1 and below bound n."""


def bucket(milliseconds: float) -> int:
    """The number of the bucket that a duration falls into; negative ones (clocks!) into the first."""
    return bisect_right(BOUNDS, milliseconds)


def total(histograms: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """One histogram of all that these hold."""
    counts: Counter[str] = Counter()
    for histogram in histograms:
        counts.update(histogram)
    return dict(sorted(counts.items(), key=lambda entry: int(entry[0])))


def largest(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """Of each bucket the larger count."""
    numbers = sorted({*one, *other}, key=int)
    return {number: max(one.get(number, 0), other.get(number, 0)) for number in numbers}


def percentile(histogram: Mapping[str, int], share: float) -> float | None:
    """The duration in milliseconds that this share (0.95) of all stays below; None if there are none."""
    wanted = share * sum(histogram.values())
    seen = 0
    for number in sorted(map(int, histogram)):
        count = histogram[str(number)]
        if count and seen + count >= wanted:
            return _within(number, (wanted - seen) / count)
        seen += count
    return None


def _within(number: int, share: float) -> float:
    """So far into a bucket; the last one has no end, so that it counts as its beginning."""
    low = BOUNDS[number - 1] if number else 0
    high = BOUNDS[number] if number < len(BOUNDS) else low
    return low + (high - low) * share
