"""Deliveries that are refused as a whole: a problem document with a code, never HTML, never a 500."""

from __future__ import annotations

import gzip
import json

import pytest

from django_bgsync.models import Delivery, SyncItem
from tests.deliveries import DELIVERIES, ITEMS, SESSION, code_of, make_item, problem_of, read

DEEP = b"[" * 2000 + b"]" * 2000


@pytest.fixture(params=[True, False], ids=["debug", "production"], autouse=True)
def debug(request, settings):
    settings.DEBUG = request.param


def envelope_with(**members):
    return lambda device: json.dumps({**device.envelope(make_item()), **members}).encode()


def envelope_without(name):
    return lambda device: json.dumps({k: v for k, v in device.envelope(make_item()).items() if k != name}).encode()


def text(body: bytes):
    return lambda device: body


def spliced(name: str, value: bytes):
    """An envelope with a member whose value is this text, whatever Python's writer would make of it."""
    return lambda device: (
        json.dumps(device.envelope(make_item()))[:-1].encode() + b', "' + name.encode() + b'": ' + value + b"}"
    )


BROKEN = {
    "only space": text(b" "),
    "not JSON": text(b"<html>"),
    "cut off": text(b'{"protocol": 1, "client": {"id"'),
    "a second document": text(b"{} {}"),
    "not UTF-8": text(b'{"protocol": "\xff"}'),
    "UTF-16": text('{"protocol": 1}'.encode("utf-16")),
    "byte order mark": text(b'\xef\xbb\xbf{"protocol": 1}'),
    "raw surrogate": text(b'"\xed\xa0\x80"'),
    "NaN": text(b"NaN"),
    "a list": text(b"[]"),
    "null": text(b"null"),
    "only depth": text(DEEP),
    "unbalanced depth": text(b"[" * 5000),
    "an integer of 5000 digits": text(b"1" * 5000),
    "no protocol": envelope_without("protocol"),
    "protocol null": envelope_with(protocol=None),
    "protocol text": envelope_with(protocol="1"),
    "protocol true": envelope_with(protocol=True),
    "protocol 1.0": envelope_with(protocol=1.0),
    "protocol negative": envelope_with(protocol=-1),
    "protocol huge": envelope_with(protocol=10**400),
    "no client": envelope_without("client"),
    "client text": envelope_with(client="x"),
    "client without id": envelope_with(client={}),
    "client id not a UUID": envelope_with(client={"id": "x" * 36}),
    "client id with braces": envelope_with(client={"id": "{0d9d1b58-7c0c-4a52-8c0e-6b5e1c6a6f10}"}),
    "client id an integer": envelope_with(client={"id": 7}),
    "capabilities a list": envelope_with(
        client={"id": "0d9d1b58-7c0c-4a52-8c0e-6b5e1c6a6f10", "capabilities": [1]},
    ),
    "capabilities with NUL": envelope_with(
        client={"id": "0d9d1b58-7c0c-4a52-8c0e-6b5e1c6a6f10", "capabilities": {"payload": "\0"}},
    ),
    "outbox of 5 KB": envelope_with(
        client={"id": "0d9d1b58-7c0c-4a52-8c0e-6b5e1c6a6f10", "outbox": {"x": "y" * 5000}},
    ),
    "outbox of infinite length": text(
        b'{"protocol":1,"items":[],"client":{"id":"0d9d1b58-7c0c-4a52-8c0e-6b5e1c6a6f10","outbox":{"pending":1e400}}}'
    ),
    "outbox too deep": envelope_with(
        client={"id": "0d9d1b58-7c0c-4a52-8c0e-6b5e1c6a6f10", "outbox": {"x": [[[[[[[[[]]]]]]]]]}},
    ),
    "app version too long": envelope_with(
        client={"id": "0d9d1b58-7c0c-4a52-8c0e-6b5e1c6a6f10", "app_version": "1" * 101},
    ),
    "no items": envelope_without("items"),
    "items null": envelope_with(items=None),
    "items an object": envelope_with(items={}),
    "items text": envelope_with(items="[]"),
    "owner a number": envelope_with(owner=7),
    "unknown trigger": envelope_with(trigger="whim"),
    "trigger a list": envelope_with(trigger=["sync"]),
    "unknown context": envelope_with(context="moon"),
    "sync tag too long": envelope_with(sync_tag="x" * 101),
    "last chance text": envelope_with(last_chance="yes"),
    "sent at yesterday": envelope_with(sent_at="yesterday"),
    "sent at a number": envelope_with(sent_at=1700000000),
    "sent at before time": envelope_with(sent_at="0001-01-01T00:00:00+23:00"),
    "awaiting an object": envelope_with(awaiting={}),
    "awaiting a number": envelope_with(awaiting=[7]),
    "awaiting a name": envelope_with(awaiting=["me"]),
    "NUL in a member": envelope_with(sync_tag="\0"),
    "NUL in an unknown member": envelope_with(newer={"x": ["\0"]}),
    "NUL in a key": envelope_with(**{"a\0b": 1}),
    "half a surrogate in a member": envelope_with(owner="\ud800"),
    "half a surrogate in an item": envelope_with(items=[make_item(lane="\udc00")]),
    "infinite protocol": spliced("protocol", b"1e400"),
    "deep awaiting": spliced("awaiting", DEEP),
    "deep owner": spliced("owner", DEEP),
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_invalid_envelope(device, body):
    """What cannot be read is a 400, and nothing is stored, be the items themselves as good as they may."""
    assert code_of(device.post(DELIVERIES, body(device))) == (400, "invalid_envelope")
    assert not SyncItem.objects.exists()
    assert not Delivery.objects.exists()


def test_says_what_is_wrong(device):
    """The detail names the member, and what is allowed."""
    assert problem_of(device.deliver(trigger="whim")) == {
        "title": "The delivery cannot be read.",
        "status": 400,
        "code": "invalid_envelope",
        "detail": "trigger must be one of enqueue, sync, periodicsync, online, load, visible, login, timer, manual, "
        "message.",
    }


@pytest.mark.parametrize("version", [0, 2, 2**53 - 1])
def test_protocol_comes_first(device, version):
    """Another protocol is a 426 that lists ours, whatever else is wrong with the envelope."""
    problem = problem_of(device.post(DELIVERIES, {"protocol": version, "items": 7}))

    assert problem == {
        "title": "This server speaks another protocol version.",
        "status": 426,
        "code": "protocol_unsupported",
        "detail": f"protocol is {version}; this server speaks 1.",
        "supported": [1],
    }


def test_deep_unknown_member(device):
    """A member nobody reads may be as deep as it likes: the items are read."""
    body = spliced("newer", DEEP)(device)

    assert read(device.post(DELIVERIES, body))["results"][0]["status"] == "applied"


@pytest.mark.parametrize("path", [DELIVERIES, ITEMS])
def test_three_megabytes(device, path):
    """A body that is far too large is a 413, and is not read to the end."""
    assert code_of(device.post(path, b'{"x": "' + b"x" * 3_000_000 + b'"}')) == (413, "too_large")


def test_empty_body(device):
    """A body of no bytes is no envelope."""
    response = device.http.generic("POST", DELIVERIES, CONTENT_TYPE="application/json")

    assert code_of(response) == (400, "invalid_envelope")


@pytest.mark.parametrize("length", ["-1", "many", ""])
def test_absurd_content_length(device, length):
    """A Content-Length that is no length is no 500."""
    response = device.http.post(DELIVERIES, b"{}", content_type="application/json", CONTENT_LENGTH=length)

    assert code_of(response) == (400, "invalid_envelope")


def test_understated_content_length(device):
    """A Content-Length that is too small cuts the body off: it is then not JSON."""
    response = device.http.post(DELIVERIES, b'{"protocol": 1}', content_type="application/json", CONTENT_LENGTH="5")

    assert code_of(response) == (400, "invalid_envelope")


@pytest.mark.parametrize("path", [DELIVERIES, ITEMS])
@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "text/html", "application/x-www-form-urlencoded", "application/xml", "application/jsonp", ""],
)
def test_unsupported_media_type(device, path, content_type):
    """Only JSON is read, whatever the body holds."""
    response = device.http.post(path, json.dumps(device.envelope(make_item())), content_type=content_type)

    assert code_of(response) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON", "application/json; charset=nonsense"]
)
def test_ways_to_say_json(device, content_type):
    """Parameters and capitals of the media type do not matter."""
    body = json.dumps(device.envelope(make_item())).encode()
    response = device.http.generic("POST", DELIVERIES, body, content_type)

    assert read(response)["results"][0]["status"] == "applied"


def test_no_form_for_one_item(device):
    """Only deliveries come as forms."""
    assert code_of(device.http.post(ITEMS, {"envelope": "{}"})) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", DELIVERIES),
        ("put", DELIVERIES),
        ("delete", ITEMS),
        ("patch", ITEMS),
        ("post", SESSION),
        ("options", DELIVERIES),
    ],
)
def test_method_not_allowed(device, method, path):
    """Another method is a 405 that lists the right ones."""
    response = getattr(device.http, method)(path)

    assert code_of(response) == (405, "method_not_allowed")
    assert response["Allow"]


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", "nonsense", "image/png;q=x"])
def test_any_accept(device, accept):
    """Whatever a client says it accepts, it is answered in JSON."""
    response = device.post(f"{DELIVERIES}?format=api", device.envelope(make_item()), Accept=accept)

    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert code_of(device.post(DELIVERIES, b"?", Accept=accept)) == (400, "invalid_envelope")


def test_compressed_rubbish(device):
    """A body that claims to be compressed and is not is a 400 too."""
    response = device.post(DELIVERIES, gzip.compress(b"{")[:-4], Content_Encoding="gzip")

    assert code_of(response) == (400, "invalid_envelope")
