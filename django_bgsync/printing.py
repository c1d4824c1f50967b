"""What others wrote, for people to look at: escaping is Django's work, what cannot be seen is ours."""

from __future__ import annotations

import json
import unicodedata
from datetime import datetime
from typing import Any

from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

SHOWN = 20_000
"""Characters on a page."""
READ = 2_000_000
MAX_DEPTH = 6
MAX_MEMBERS = 50

_KEPT = "\n\t\u200c\u200d"
"""Line breaks, and what joins letters and emoji without turning anything round."""


def visible(text: Any) -> str:
    """The text with every control and direction mark written out: an override would turn the rest of a line round."""
    text = str(text)
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(character: str) -> str:
    if character in _KEPT or character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    return f"\\u{ord(character):04x}"


def block(text: str, most: int = SHOWN) -> SafeString | str:
    """Some lines as they are; of very many the first."""
    if not text:
        return "-"
    rest = len(text) - most
    note = format_html('<p class="help">{}</p>', gettext("The rest is left out.")) if rest > 0 else ""
    return format_html('<pre class="bgsync-text" tabindex="0">{}</pre>{}', visible(text[:most]), note)


def pretty(text: str | None) -> str:
    """JSON text for people; what is no JSON, or too long to be read again, as it is."""
    if text is None or len(text) > READ:
        return text or ""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def detail(problem: str | None) -> str:
    """The sentence in a problem, which is for everybody."""
    try:
        return str(json.loads(problem or "{}").get("detail") or "")
    except (ValueError, AttributeError):
        return ""


def redacted(text: str | None) -> str:
    """The shape of JSON text, for those who may not see what is in it."""
    if text is None or len(text) > READ:
        return ""
    try:
        return json.dumps(_shape(json.loads(text), 0), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""


def _shape(value: Any, depth: int) -> Any:
    match value:
        case dict() if depth < MAX_DEPTH:
            return {name: _shape(inner, depth + 1) for name, inner in list(value.items())[:MAX_MEMBERS]}
        case list() if depth < MAX_DEPTH:
            return [_shape(inner, depth + 1) for inner in value[:1]] + ([f"… × {len(value)}"] if value[1:] else [])
        case str():
            return f"<{ngettext('%d character', '%d characters', len(value)) % len(value)}>"
        case None:
            return None
    return f"<{type(value).__name__}>"


def short(identifier: Any) -> str:
    """The end of a UUID, enough to recognise it. Of clients no more: a visitor's id is a secret."""
    return f"…{str(identifier)[-8:]}"


def ends(identifier: Any) -> str:
    """Both ends of an item's id, by which it is found again: a version 7 begins with the time."""
    return f"{str(identifier)[:8]}…{str(identifier)[-8:]}"


def exact(instant: datetime | None) -> str:
    """To the second, in the time zone of the site."""
    return formats.date_format(timezone.localtime(instant), "Y-m-d H:i:s") if instant else "–"
