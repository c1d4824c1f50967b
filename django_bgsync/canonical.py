"""Canonical JSON: one text for one payload, and what must not be stored. Standard library only."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from json import encoder as json_encoder
from typing import Any, NoReturn

from django_bgsync.enums import Code
from django_bgsync.exceptions import InvalidEnvelope, ItemFault


def writer(*, sort_keys: bool = False, allow_nan: bool = True) -> Callable[[Any], str]:
    """What writes compact JSON. Made once: `json` sets up more for each value than it takes to write a small one."""
    plain = json.JSONEncoder(
        ensure_ascii=False, check_circular=False, separators=(",", ":"), sort_keys=sort_keys, allow_nan=allow_nan
    )
    make: Any = getattr(json_encoder, "c_make_encoder", None)
    try:
        write = make(None, plain.default, json_encoder.encode_basestring, None, ":", ",", sort_keys, False, allow_nan)
    except TypeError:  # undocumented: not in every Python, and perhaps not called like this for ever
        return plain.encode
    return lambda value: "".join(write(value, 0))


_compact = writer(allow_nan=False)
_sorted = writer(sort_keys=True)
_scan = json.JSONDecoder().raw_decode
_POISON = re.compile("[\0\ud800-\udfff]")
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]')  # strings too, to pass over the brackets in them
_ENVELOPE_DEPTH = 8  # levels around a payload, generously
_ESCAPED_POISON = re.compile(rb"\\u(0000|[dD][89a-fA-F])")


def read_json(body: bytes, *, max_depth: int) -> Any:
    """The document in `body` (UTF-8 JSON, RFC 8259). Raises InvalidEnvelope, also for poison outside the payloads.

    What lies too deep for Python's parser is left out, which keeps it deeper than `max_depth`: one bad payload must
    not make the others of its delivery unreadable.
    """
    try:
        document = _parse(body, max_depth + _ENVELOPE_DEPTH)
    except (ValueError, RecursionError) as error:
        # ValueError also covers bad UTF-8 and integers of thousands of digits.
        raise InvalidEnvelope(f"The body is not JSON: {str(error).rstrip('.')[:200]}.") from error
    if _ESCAPED_POISON.search(body) and any(map(_POISON.search, _strings(document, leave_payloads=True))):
        raise InvalidEnvelope("The envelope holds a NUL character or half of a surrogate pair.")
    return document


def _parse(body: bytes, levels: int) -> Any:
    try:
        return json.loads(body.decode(), parse_constant=_refuse_constant)
    except RecursionError:
        return json.loads(_prune(body, levels).decode(), parse_constant=_refuse_constant)


def _prune(body: bytes, levels: int) -> bytes:
    """The document with null for everything nested deeper than so many levels."""
    kept, level, start = [], 0, 0
    for token in _BRACKETS.finditer(body):
        if token[0] in b"[{":
            level += 1
            if level == levels + 1:
                kept += [body[start : token.start()], b"null"]
        elif token[0] in b"]}":
            if level == levels + 1:
                start = token.end()
            level -= 1
    return b"".join(kept if level > levels else [*kept, body[start:]])


def read_canonical(text: str) -> Any:
    """What was written here. Quicker than `json.loads`, which first asks for the kind of its argument and for spaces
    around the document.
    """
    return _scan(text)[0]


def write_json(value: Any) -> str:
    """Compact JSON text in the value's own key order. Raises TypeError or ValueError for what JSON does not know,
    RecursionError for what holds itself.
    """
    return _compact(value)


def canonical(payload: Any, *, max_depth: int) -> tuple[str, bytes, ItemFault | None]:
    """The payload as text with sorted keys, the same as UTF-8, and the fault that forbids to store it (or None)."""
    try:
        text = _sorted(payload)
    except RecursionError:
        return "", b"", _too_deep(max_depth)
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        return text, text.encode(errors="surrogatepass"), _poisoned("half of a surrogate pair")
    if text.count("[") + text.count("{") > max_depth and _is_deeper_than(payload, max_depth):
        return text, encoded, _too_deep(max_depth)
    if "\\u0000" in text and any("\0" in inner for inner in _strings(payload)):
        return text, encoded, _poisoned("a NUL character")
    if "Infinity" in text and not _is_finite(payload):
        return text, encoded, _poisoned("a number too large for a double")
    return text, encoded, None


def _too_deep(levels: int) -> ItemFault:
    return ItemFault(Code.UNSTORABLE_PAYLOAD, f"payload is nested deeper than {levels} levels.")


def _poisoned(with_what: str) -> ItemFault:
    return ItemFault(Code.UNSTORABLE_PAYLOAD, f"payload holds {with_what}.")


def _strings(document: Any, *, leave_payloads: bool = False) -> Iterable[str]:
    """Every string and key in a document, by a loop of its own so that no depth can exhaust the stack."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, dict):
            yield from value
            waiting.extend(inner for key, inner in value.items() if not (leave_payloads and key == "payload"))


def _is_deeper_than(document: Any, levels: int) -> bool:
    level = [document]
    for _ in range(levels):
        level = [inner for value in level for inner in _children(value)]
    return any(isinstance(value, dict | list) for value in level)


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _is_finite(payload: Any) -> bool:
    """1e400 is valid JSON and becomes infinity in Python, which is not."""
    try:
        json.dumps(payload, allow_nan=False)
    except ValueError:
        return False
    return True


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
