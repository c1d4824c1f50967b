"""Reading a request's body."""

from __future__ import annotations

import gzip
import io

import pytest
from django.test import RequestFactory

from django_bgsync.api import body
from django_bgsync.exceptions import InvalidEnvelope, TooLarge


class Untouched:
    """A stream that nobody may read."""

    def read(self, *size: int) -> bytes:
        raise AssertionError("the body was read")


def test_announced_too_large():
    """A body that says itself that it is too large is refused before a byte of it is read."""
    request = RequestFactory().post("/", "{}", content_type="application/json", CONTENT_LENGTH=str(2**21))
    request._stream = Untouched()

    with pytest.raises(TooLarge):
        body.read(request)


class Counted(io.BytesIO):
    """A stream that counts how often it is read from."""

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        return super().read(size)


NAME = (
    gzip.compress(b"{}")[:3] + b"\x08" + gzip.compress(b"{}")[4:10] + b"a" * 2**20 + b"\0" + gzip.compress(b"{}")[10:]
)


@pytest.mark.parametrize(
    "compressed",
    [NAME, gzip.compress(b"{}") + bytes(2**20), gzip.compress(b"") * 50_000],
    ids=["a long name", "padding", "empty members"],
)
def test_gzip_that_holds_next_to_nothing(compressed):
    """A megabyte of what is not content is read in blocks and not byte by byte, or not to its end."""
    source = Counted(compressed)
    try:
        read = body.Gunzip(source, 2**21).read(100)
    except InvalidEnvelope:
        read = b"{}"

    assert read == b"{}"
    assert source.reads < 40


def test_compressed_stream_without_end():
    """What unpacks to nothing is read no further than what it may hold."""
    header, empty = gzip.compress(b"")[:10], b"\0\0\0\xff\xff"

    with pytest.raises(TooLarge):
        body.Gunzip(io.BytesIO(header + empty * 10_000), 40_000).read(100)
