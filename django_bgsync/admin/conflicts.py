"""Two contents that came under one id, side by side."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from django_bgsync.printing import pretty, visible

MOST_LINES = 1000
"""Of each: the comparison takes the square of them."""
_KINDS = {"+": "added", "-": "removed", "@": "skipped"}


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    kind: str
    """`added`, `removed`, `skipped` or `same`."""


def difference(kept: str | None, other: str) -> list[Line]:
    """What the later content changes about the one that was kept, as JSON for people."""
    first, second = (pretty(text).splitlines()[:MOST_LINES] for text in (kept, other))
    lines = list(difflib.unified_diff(first, second, lineterm="", n=2))[2:]  # without the names of files
    return [Line(visible(line), _KINDS.get(line[:1], "same")) for line in lines]
