"""Items that cannot be taken as they are: each is its own result, and the others of its delivery are applied."""

from __future__ import annotations

import json
import uuid

import pytest

from django_bgsync.models import SyncItem
from tests.app.bgsync import ANSWER
from tests.deliveries import DELIVERIES, ITEMS, make_item, read, result, row_of

ID = "01a1fb00-ff1f-7170-8d0c-e284447d3855"
NOTE = {"id": ID, "tag": "note", "payload": None}

MALFORMED = {
    "a number": (7, "", "The item must be a JSON object."),
    "null": (None, "", "The item must be a JSON object."),
    "a list": ([{"id": ID}], "", "The item must be a JSON object."),
    "empty": ({}, "", "tag must match [a-z0-9][a-z0-9._-]{0,63}."),
    "no id": ({"tag": "note", "payload": 1}, "", "id must be a UUID of 36 characters."),
    "id null": ({**NOTE, "id": None}, "", "id must be a UUID of 36 characters."),
    "id a number": ({**NOTE, "id": 7}, "", "id must be a UUID of 36 characters."),
    "id a name": ({**NOTE, "id": "seven"}, "seven", "id must be a UUID of 36 characters."),
    "id without hyphens": ({**NOTE, "id": "0" * 32}, "0" * 32, "id must be a UUID of 36 characters."),
    "id a URN": ({**NOTE, "id": f"urn:uuid:{ID}"}, f"urn:uuid:{ID}", "id must be a UUID of 36 characters."),
    "id with a line break": ({**NOTE, "id": f"{ID}\n"}, f"{ID}\n", "id must be a UUID of 36 characters."),
    "id very long": ({**NOTE, "id": "x" * 5000}, "x" * 100, "id must be a UUID of 36 characters."),
    "no tag": ({"id": ID, "payload": 1}, ID, "tag must match [a-z0-9][a-z0-9._-]{0,63}."),
    "tag empty": ({**NOTE, "tag": ""}, ID, "tag must match [a-z0-9][a-z0-9._-]{0,63}."),
    "tag in capitals": ({**NOTE, "tag": "Note"}, ID, "tag must match [a-z0-9][a-z0-9._-]{0,63}."),
    "tag of HTTP": ({**NOTE, "tag": "http:view"}, ID, "tag must match [a-z0-9][a-z0-9._-]{0,63}."),
    "tag too long": ({**NOTE, "tag": "x" * 65}, ID, "tag must match [a-z0-9][a-z0-9._-]{0,63}."),
    "tag with a line break": ({**NOTE, "tag": "note\n"}, ID, "tag must match [a-z0-9][a-z0-9._-]{0,63}."),
    "tag a list": ({**NOTE, "tag": ["note"]}, ID, "tag must be a string of at most 100 characters."),
    "no payload": ({"id": ID, "tag": "note"}, ID, "payload is missing."),
    "lane a number": ({**NOTE, "lane": 1}, ID, "lane must be a string of at most 100 characters."),
    "lane too long": ({**NOTE, "lane": "x" * 101}, ID, "lane must be a string of at most 100 characters."),
    "after a name": ({**NOTE, "after": "it"}, ID, "after must be a UUID of 36 characters."),
    "seq text": ({**NOTE, "seq": "1"}, ID, "seq must be an integer from 0 to 9007199254740991."),
    "seq a fraction": ({**NOTE, "seq": 1.5}, ID, "seq must be an integer from 0 to 9007199254740991."),
    "seq true": ({**NOTE, "seq": True}, ID, "seq must be an integer from 0 to 9007199254740991."),
    "seq negative": ({**NOTE, "seq": -1}, ID, "seq must be an integer from 0 to 9007199254740991."),
    "seq huge": ({**NOTE, "seq": 2**63}, ID, "seq must be an integer from 0 to 9007199254740991."),
    "retry huge": ({**NOTE, "retry": 2**31}, ID, "retry must be an integer from 0 to 2147483647."),
    "send count text": ({**NOTE, "send_count": "2"}, ID, "send_count must be an integer from 0 to 2147483647."),
    "created at noon": ({**NOTE, "created_at": "noon"}, ID, "created_at must be an ISO 8601 date and time."),
    "created at a number": ({**NOTE, "created_at": 1e12}, ID, "created_at must be an ISO 8601 date and time."),
}


@pytest.mark.parametrize(("raw", "named", "detail"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_item(device, raw, named, detail):
    """A malformed item is rejected under the name it gave itself; nothing of it is stored."""
    good = make_item()

    assert device.send(good, raw) == [
        result(good, result=ANSWER),
        result(named, "rejected", "invalid_item", problem={"detail": detail}),
    ]
    assert list(SyncItem.objects.all()) == [row_of(good)]


def test_infinite_seq(device):
    """1e400 outside the payload is a malformed item too."""
    body = json.dumps(device.envelope(NOTE | {"seq": 7})).replace('"seq": 7', '"seq": 1e400')

    assert read(device.post(DELIVERIES, body.encode()))["results"][0]["code"] == "invalid_item"


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


UNSTORABLE = {
    "NUL": (r'"a\u0000b"', "payload holds a NUL character."),
    "NUL in a key": (r'{"a\u0000b": 1}', "payload holds a NUL character."),
    "NUL deep inside": (r'{"x": [[["\u0000"]]]}', "payload holds a NUL character."),
    "lone high surrogate": (r'"\ud83d"', "payload holds half of a surrogate pair."),
    "lone low surrogate": (r'"\ude00"', "payload holds half of a surrogate pair."),
    "surrogates in the wrong order": (r'"\ude00\ud83d"', "payload holds half of a surrogate pair."),
    "lone surrogate in a key": (r'{"\uDFFF": 1}', "payload holds half of a surrogate pair."),
    "65 levels": (nested(65), "payload is nested deeper than 64 levels."),
    "500 levels": (nested(500), "payload is nested deeper than 64 levels."),
    "2000 levels": (nested(2000), "payload is nested deeper than 64 levels."),
    "100000 levels": (nested(100_000), "payload is nested deeper than 64 levels."),
    "2000 objects": ('{"x":' * 2000 + "1" + "}" * 2000, "payload is nested deeper than 64 levels."),
    "1e400": ("1e400", "payload holds a number too large for a double."),
    "-1e400 inside": ('{"x": [-1e400]}', "payload holds a number too large for a double."),
}


@pytest.mark.parametrize(("text", "detail"), UNSTORABLE.values(), ids=UNSTORABLE)
def test_unstorable_payload(device, text, detail):
    """A payload that databases or parsers cannot hold is rejected and not stored; its neighbours are applied."""
    good, bad = make_item(), make_item(payload="HERE")
    body = json.dumps(device.envelope(bad, good)).replace('"HERE"', text).encode()

    assert read(device.post(DELIVERIES, body))["results"] == [
        result(bad, "rejected", "unstorable_payload", problem={"detail": detail}),
        result(good, result=ANSWER),
    ]
    assert list(SyncItem.objects.all()) == [row_of(good)]


STORABLE = {
    "64 levels": (nested(64), nested(64)),
    "an escaped backslash before u0000": (r'"\\u0000"', r'"\\u0000"'),
    "a pair of surrogates": (r'"\ud83d\ude00"', '"😀"'),
    "brackets in strings": ('"' + "[" * 100 + '"', '"' + "[" * 100 + '"'),
    "the word Infinity": ('"Infinity"', '"Infinity"'),
    "an integer of 4000 digits": ("1" * 4000, "1" * 4000),
    "1e308": ("1e308", "1e+308"),
    "the same key twice": ('{"a": 1, "a": 2}', '{"a":2}'),
    "control characters": (r'"\u0001\u001f\u007f"', '"\\u0001\\u001f\x7f"'),
    "line separators": (r'"\u2028\u2029"', '"\u2028\u2029"'),
}


@pytest.mark.parametrize(("text", "stored"), STORABLE.values(), ids=STORABLE)
def test_odd_but_storable_payload(device, text, stored):
    """What is odd but valid JSON is taken."""
    item = make_item(payload="HERE")
    body = json.dumps(device.envelope(item)).replace('"HERE"', text).encode()

    assert read(device.post(DELIVERIES, body))["results"] == [result(item, result=ANSWER)]
    assert row_of(item).payload == stored


def test_too_large_an_item(device, settings):
    """A payload larger than MAX_ITEM_BYTES, as canonical UTF-8, is rejected with both numbers."""
    settings.BGSYNC = {"MAX_ITEM_BYTES": 10}
    fits, larger = make_item(payload="üüüü"), make_item(payload="üüüüx")

    assert device.send(fits, larger) == [
        result(fits, result=ANSWER),
        result(larger, "rejected", "too_large", problem={"detail": "payload is 11 bytes; 10 are allowed."}),
    ]


def test_unknown_tag(device):
    """A tag without handler is deferred for an hour, and the item is not stored."""
    item = make_item("nobody")

    assert device.send(item) == [result(item, "deferred", "unknown_tag", retry_after=3600)]
    assert not SyncItem.objects.exists()


@pytest.mark.parametrize("payload", ["\0", "x" * 300_000])
def test_unknown_tag_comes_before_size_and_payload(device, payload):
    """Whether a payload can be taken is only asked once there is a handler."""
    assert device.send(make_item("nobody", payload))[0]["code"] == "unknown_tag"


@pytest.mark.parametrize("raw", [7, None, [1], {}, "x"])
def test_malformed_single_item(device, raw):
    """On the endpoint for one item, a malformed one is a 422."""
    assert read(device.post(ITEMS, raw), 422)["code"] == "invalid_item"


def test_deep_single_item(device):
    """On the endpoint for one item too, depth is that item's fault."""
    body = f'{{"id": "{uuid.uuid4()}", "tag": "note", "payload": {nested(2000)}}}'.encode()

    assert read(device.post(ITEMS, body), 422)["code"] == "unstorable_payload"
