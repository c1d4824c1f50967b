"""Reading a delivery with files (multipart/form-data, RFC 7578): a part `envelope`, one `<item id>/<name>` per file.

Django's own upload handling parses a body as a whole before anybody can say no. Here every limit is enforced while the
body streams: neither memory nor disk ever holds more than it allows.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Protocol, Self
from uuid import UUID

from django.conf import settings as django_settings
from django.http.multipartparser import RAW, ChunkIter, LazyStream, MultiPartParserError, Parser

from django_bgsync import conf, storage
from django_bgsync.conf import settings
from django_bgsync.exceptions import InvalidEnvelope, TooLarge, Unavailable
from django_bgsync.fields import MAX_NAME, is_uuid
from django_bgsync.protocol import Upload

MEDIA_TYPE = "multipart/form-data"
ENVELOPE = "envelope"
IN_MEMORY = 64 * 1024
"""Larger files wait on the disk."""
MAX_FILENAME = 255
MAX_CONTENT_TYPE = 100
NO_STORAGE_RETRY = 300
"""Seconds: somebody has to change the settings."""

_BOUNDARY = re.compile(r"[ -~]{0,200}[!-~]")  # RFC 2046, 5.1.1, as generous as Django
_AROUND_PARTS = 4096
"""Bytes that a part may need beside its content: its headers (at most 1024) and boundaries."""
_TAIL = 300
_CONTROL = re.compile("[\0-\x1f\x7f]")


class Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


def max_bytes() -> int:
    return settings.MAX_BYTES + settings.MAX_DELIVERY_FILE_BYTES + (settings.MAX_FILES + 2) * _AROUND_PARTS


class Form:
    """The parts of a body. Its uploads are open until the context ends."""

    envelope: bytes

    def __init__(self, source: Source, boundary: str, maximum: int) -> None:
        if not _BOUNDARY.fullmatch(boundary):
            raise InvalidEnvelope("The Content-Type names no boundary.")
        self.uploads: list[Upload] = []
        self._boundary = boundary.encode()
        self._stream = _Counted(source, maximum)
        self._open_files = ExitStack()
        self._left = settings.MAX_DELIVERY_FILE_BYTES

    def __enter__(self) -> Self:
        with ExitStack() as cleanup:
            cleanup.callback(self._open_files.close)
            self._read()
            cleanup.pop_all()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._open_files.close()

    def _read(self) -> None:
        seen: set[str] = set()
        for headers, part in self._parts():
            name = _name(headers)
            if name in seen:
                raise InvalidEnvelope(f"The part {name} is there twice.")
            seen.add(name)
            if name == ENVELOPE:
                self.envelope = self._read_envelope(part)
            else:
                self.uploads.append(self._read_file(name, headers, part))
        if ENVELOPE not in seen:
            raise InvalidEnvelope(f"The part {ENVELOPE} is missing.")
        self._check_end()

    def _parts(self) -> Iterator[tuple[dict[str, Any], LazyStream]]:
        around = 0
        parser = Parser(LazyStream(ChunkIter(self._stream)), self._boundary)  # type: ignore[arg-type]  # it is only read
        try:
            for kind, headers, part in parser:
                if kind != RAW:
                    yield headers, part
                    continue
                around += 1  # what is before the first part, and after the last
                if around > 2 or part.read(_TAIL).strip() not in (b"", b"--"):
                    raise InvalidEnvelope("A part of the form has no readable Content-Disposition.")
        except MultiPartParserError as error:
            raise InvalidEnvelope(f"The form cannot be read: {error}") from error

    def _read_envelope(self, part: LazyStream) -> bytes:
        text = part.read(settings.MAX_BYTES + 1)
        if len(text) > settings.MAX_BYTES:
            raise _too_large(f"The envelope is larger than {settings.MAX_BYTES} bytes.")
        return text

    def _read_file(self, name: str, headers: dict[str, Any], part: LazyStream) -> Upload:
        item_id, _, file_name = name.partition("/")
        if not is_uuid(item_id) or not file_name or len(file_name) > MAX_NAME or _CONTROL.search(file_name):
            raise InvalidEnvelope(f"The part {name[:MAX_NAME]!r} is neither {ENVELOPE} nor <item id>/<name>.")
        if len(self.uploads) == settings.MAX_FILES:
            raise _too_large(f"There are more than {settings.MAX_FILES} files.")
        if not storage.is_configured():
            raise Unavailable("There is no place for files on this server.", retry_after=NO_STORAGE_RETRY)
        content = self._open_files.enter_context(_spool())
        size, digest = self._copy(part, content)
        return Upload(
            item=UUID(item_id),
            name=file_name,
            filename=_filename(headers),
            content_type=_value(headers, "content-type")[:MAX_CONTENT_TYPE],
            size=size,
            digest=digest,
            content=content,
        )

    def _copy(self, part: LazyStream, content: IO[bytes]) -> tuple[int, str]:
        size, digest = 0, hashlib.sha256()
        for chunk in part:
            size += len(chunk)
            if size > settings.MAX_FILE_BYTES:
                raise _too_large(f"A file is larger than {settings.MAX_FILE_BYTES} bytes.")
            if size > self._left:
                raise _too_large(f"The files are larger than {settings.MAX_DELIVERY_FILE_BYTES} bytes together.")
            digest.update(chunk)
            content.write(chunk)
        self._left -= size
        return size, digest.hexdigest()

    def _check_end(self) -> None:
        """A connection that broke off must not leave half a file: what it was would never be asked for again."""
        if not self._stream.tail.rstrip().endswith(b"--" + self._boundary + b"--"):
            raise InvalidEnvelope("The form breaks off before its end.")


class _Counted:
    """A stream that ends in TooLarge, and remembers its last bytes."""

    def __init__(self, source: Source, maximum: int) -> None:
        self._source = source
        self._maximum = maximum
        self._count = 0
        self.tail = b""

    def read(self, size: int, /) -> bytes:
        chunk = self._source.read(size)
        self._count += len(chunk)
        if self._count > self._maximum:
            raise _too_large(f"The body is larger than {self._maximum} bytes.")
        self.tail = (self.tail + chunk[-_TAIL:])[-_TAIL:]
        return chunk


def _name(headers: dict[str, Any]) -> str:
    if _value(headers, "content-transfer-encoding") not in ("", "binary", "8bit", "7bit"):
        raise InvalidEnvelope("The parts of a form must not be encoded (RFC 7578, 4.7).")
    item_id, slash, name = _parameter(headers, "name").partition("/")
    return f"{item_id.lower()}/{name}" if slash else item_id


def _filename(headers: dict[str, Any]) -> str:
    """The last part of the device's name for the file; empty if nothing can be made of it."""
    name = re.split(r"[/\\]", _CONTROL.sub("", _parameter(headers, "filename")))[-1].strip()
    return "" if name in (".", "..") else name[-MAX_FILENAME:]


def _parameter(headers: dict[str, Any], name: str) -> str:
    return headers["content-disposition"][1].get(name, b"").decode()  # type: ignore[no-any-return]  # bytes.decode


def _value(headers: dict[str, Any], name: str) -> str:
    return _CONTROL.sub("", headers.get(name, ("", {}))[0]).strip().lower()


def _spool() -> IO[bytes]:
    return SpooledTemporaryFile(max_size=IN_MEMORY, dir=django_settings.FILE_UPLOAD_TEMP_DIR)


def _too_large(detail: str) -> TooLarge:
    return TooLarge(detail, limits=conf.limits())
