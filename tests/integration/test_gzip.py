"""Compressed bodies: taken as far as their content is within the limits."""

from __future__ import annotations

import gzip
import json
import tracemalloc

import pytest

from django_bgsync.models import SyncItem
from tests.deliveries import DELIVERIES, ITEMS, LIMITS, code_of, make_item, problem_of, read

MEBIBYTE = 1024 * 1024


def envelope(device, **members):
    return json.dumps(device.envelope(make_item(**members))).encode()


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", " gzip ", "x-gzip"])
def test_delivery(device, encoding):
    """A compressed delivery is one like any other."""
    response = device.post(DELIVERIES, gzip.compress(envelope(device)), Content_Encoding=encoding)

    assert read(response)["results"][0]["status"] == "applied"


def test_one_item(device):
    """The endpoint for one item takes it too."""
    response = device.post(ITEMS, gzip.compress(json.dumps(make_item()).encode()), Content_Encoding="gzip")

    assert read(response)["status"] == "applied"


def test_two_members(device):
    """A gzip stream may have several members (RFC 1952, 2.2)."""
    body = envelope(device)
    response = device.post(DELIVERIES, gzip.compress(body[:50]) + gzip.compress(body[50:]), Content_Encoding="gzip")

    assert read(response)["results"][0]["status"] == "applied"


def test_identity(device):
    """`identity` says that nothing was done."""
    assert read(device.post(DELIVERIES, envelope(device), Content_Encoding="identity"))["results"]


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "nonsense"])
def test_other_encodings(device, encoding):
    """Other encodings are not read."""
    response = device.post(DELIVERIES, gzip.compress(envelope(device)), Content_Encoding=encoding)

    assert code_of(response) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: body[:-4],
        lambda body: body[:-9],
        lambda body: body[:12],
        lambda body: b"{}",
        lambda body: body[:10] + b"\xff\xff\xff" + body[13:],
        lambda body: body[:-8] + b"\0\0\0\0" + body[-4:],
        lambda body: body + b"more",
        lambda body: b"\x1f\x8b\x07" + body[3:],
    ],
    ids=["no length", "no checksum", "cut off", "not gzip", "not deflate", "wrong sum", "more", "method 7"],
)
def test_broken(device, spoil):
    """What is broken is a 400."""
    response = device.post(DELIVERIES, spoil(gzip.compress(envelope(device))), Content_Encoding="gzip")

    assert code_of(response) == (400, "invalid_envelope")
    assert not SyncItem.objects.exists()


def test_limit_is_of_the_content(device):
    """What counts is the size of the JSON; the wire may carry less."""
    small = gzip.compress(envelope(device) + b" " * (MEBIBYTE - 500))
    large = gzip.compress(envelope(device) + b" " * MEBIBYTE)

    assert read(device.post(DELIVERIES, small, Content_Encoding="gzip"))["results"]
    response = device.post(DELIVERIES, large, Content_Encoding="gzip")
    assert code_of(response) == (413, "too_large")
    assert problem_of(response)["limits"] == LIMITS


def test_bomb(device):
    """A body that grows a thousandfold is not unpacked beyond the limit."""
    bomb = gzip.compress(gzip.compress(bytes(200 * MEBIBYTE)))
    nested, plain = gzip.compress(bytes(200 * MEBIBYTE)), bomb
    tracemalloc.start()
    response = device.post(DELIVERIES, nested, Content_Encoding="gzip")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert code_of(response) == (413, "too_large")
    assert peak < 10 * MEBIBYTE
    assert code_of(device.post(DELIVERIES, plain, Content_Encoding="gzip")) == (400, "invalid_envelope")
