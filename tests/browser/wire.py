"""As much HTTP/1.1 as a proxy needs that has to see whole messages."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import struct
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

Headers = list[tuple[str, str]]


@dataclass
class Message:
    start_line: str
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def json(self) -> Any:
        return json.loads(self.body)

    def encode(self, *, keep_alive: bool) -> bytes:
        """The message with a body of plain length, and our own word on the connection."""
        headers = [(k, v) for k, v in self.headers if k.lower() not in FRAMING]
        headers.append(("Connection", "keep-alive" if keep_alive else "close"))
        if self.has_length():
            headers.append(("Content-Length", str(len(self.body))))
        lines = [self.start_line, *(f"{key}: {value}" for key, value in headers)]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body

    def has_length(self) -> bool:
        return True


ABSOLUTE = re.compile(r"^(\w+ )http://[^/]+/")
FRAMING = {"connection", "keep-alive", "content-length", "transfer-encoding"}


@dataclass
class Request(Message):
    @property
    def method(self) -> str:
        return self.start_line.split()[0]

    @property
    def path(self) -> str:
        return self.start_line.split()[1]


@dataclass
class Response(Message):
    @property
    def status(self) -> int:
        return int(self.start_line.split()[1])

    def has_length(self) -> bool:
        return self.status >= 200 and self.status not in (204, 304)

    @classmethod
    def make(cls, status: int, body: bytes | str = b"", content_type: str = "text/html", **headers: str) -> Response:
        """A response of somebody else's; header names are written with underscores."""
        data = body.encode() if isinstance(body, str) else body
        fields = [(name.replace("_", "-"), value) for name, value in headers.items()]
        start_line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"
        return cls(start_line, [("Content-Type", content_type), *fields], data)


async def read_request(reader: asyncio.StreamReader) -> Request:
    """The next request on the connection; raises EOFError when there is none."""
    start_line, headers = await _read_head(reader)
    # A browser that takes us for its HTTP proxy names the whole URL (RFC 9112 3.2.2); the site knows its paths only.
    request = Request(ABSOLUTE.sub(r"\1/", start_line), headers, b"")
    request.body = await _read_body(reader, request, otherwise=0)
    return request


async def read_response(reader: asyncio.StreamReader) -> Response:
    """A response that ends, at the latest, with its connection."""
    response = Response(*await _read_head(reader), b"")
    if response.has_length():
        response.body = await _read_body(reader, response, otherwise=-1)
    return response


async def _read_head(reader: asyncio.StreamReader) -> tuple[str, Headers]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    start_line, *lines = head.rstrip("\r\n").split("\r\n")
    return start_line, [(key, value.strip()) for key, _, value in (line.partition(":") for line in lines)]


async def _read_body(reader: asyncio.StreamReader, message: Message, *, otherwise: int) -> bytes:
    if (message.header("Transfer-Encoding") or "").lower() == "chunked":
        return await _read_chunks(reader)
    if length := message.header("Content-Length"):
        return await reader.readexactly(int(length))
    return await reader.read(otherwise)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    chunks = []
    while size := int((await reader.readline()).partition(b";")[0], 16):
        chunks.append((await reader.readexactly(size + 2))[:-2])
    await reader.readline()
    return b"".join(chunks)


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST: a lingering time of zero throws away what was not sent."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
