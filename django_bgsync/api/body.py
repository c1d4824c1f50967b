"""Reading a request's body without trusting its length.

Read from the stream: `request.body` would apply DATA_UPLOAD_MAX_MEMORY_SIZE, which answers in HTML, and `request.POST`
would take a multipart body of any size.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from django.http import HttpRequest

from django_bgsync import conf
from django_bgsync.api import multipart
from django_bgsync.exceptions import InvalidEnvelope, TooLarge, UnsupportedMediaType
from django_bgsync.protocol import Upload

JSON = "application/json"
BLOCK = 64 * 1024
MAX_MEMBERS = 100
"""Of a gzip stream. Each costs more than it need hold."""


class Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Gunzip:
    """A gzip stream (RFC 1952), decompressed no further than is read: a few kilobytes can hold gigabytes. Nor is more
    than `maximum` read of what is compressed, for megabytes can hold nothing.

    Not `gzip.GzipFile`, which reads names and padding byte by byte: seconds for each megabyte.
    """

    def __init__(self, source: Source, maximum: int) -> None:
        self._source = source
        self._maximum = maximum
        self._count = 0
        self._waiting = b""
        self._member: Any = None
        self._members = 0

    def read(self, size: int, /) -> bytes:
        try:
            return b"".join(self._chunks(size))
        except zlib.error as error:
            raise InvalidEnvelope(f"The body is not gzip: {error}") from error

    def _chunks(self, size: int) -> Iterator[bytes]:
        while size > 0:
            data = self._waiting or self._fetch()
            if not data and self._member is None:
                return
            member = self._member or self._begin()
            chunk = member.decompress(data, size)
            if not (data or chunk or member.eof):
                raise InvalidEnvelope("The body is not gzip: it breaks off.")
            self._waiting = member.unused_data if member.eof else member.unconsumed_tail
            self._member = None if member.eof else member
            size -= len(chunk)
            yield chunk

    def _fetch(self) -> bytes:
        data = self._source.read(BLOCK)
        self._count += len(data)
        if self._count > self._maximum:
            raise _too_large(self._maximum)
        return data

    def _begin(self) -> Any:
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise InvalidEnvelope(f"The body is not gzip of at most {MAX_MEMBERS} members.")
        return zlib.decompressobj(16 + zlib.MAX_WBITS)


def read(request: HttpRequest) -> bytes:
    """A JSON body, of at most `MAX_BYTES`. Raises UnsupportedMediaType, TooLarge and InvalidEnvelope."""
    if request.content_type != JSON:
        raise UnsupportedMediaType(f"{request.content_type or 'A body without a type'} is not {JSON}.")
    maximum = conf.settings.MAX_BYTES
    body = _open(request, maximum).read(maximum + 1)
    if len(body) > maximum:
        raise _too_large(maximum)
    return body


@contextmanager
def read_with_files(request: HttpRequest) -> Iterator[tuple[bytes, Sequence[Upload]]]:
    """A JSON body alone, or in a form with files, which are there as long as the context is.

    Raises what `read` raises, and Unavailable for files where there is no place for them.
    """
    if request.content_type != multipart.MEDIA_TYPE:
        yield read(request), ()
        return
    maximum = multipart.max_bytes()
    with multipart.Form(_open(request, maximum), _boundary(request), maximum) as form:
        yield form.envelope, form.uploads


def _open(request: HttpRequest, maximum: int) -> Source:
    if _announced(request) > maximum:
        raise _too_large(maximum)
    match request.headers.get("Content-Encoding", "").strip().lower():
        case "" | "identity":
            return request
        case "gzip" | "x-gzip":
            return Gunzip(request, maximum)
        case encoding:
            raise UnsupportedMediaType(f"Content-Encoding {encoding} is not gzip.")


def _boundary(request: HttpRequest) -> str:
    return (request.content_params or {}).get("boundary", "")


def _announced(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _too_large(maximum: int) -> TooLarge:
    return TooLarge(f"The body is larger than {maximum} bytes.", limits=conf.limits())
