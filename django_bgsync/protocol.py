"""The wire format: reading an envelope and its items, writing results. See docs/reference/http.md.

Two rules shape this module. A fault of the envelope refuses the delivery as a whole (`InvalidEnvelope`); a fault of
one item is that item's own result (`ItemFault`). And results are assembled from stored JSON text, never parsed and
dumped again, so that a replayed answer is the same to the byte.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from json.encoder import encode_basestring_ascii as quoted
from typing import IO, Any, NamedTuple
from uuid import UUID

from django_bgsync.canonical import canonical, write_json
from django_bgsync.enums import DISPOSITIONS, Code, Context, Status, Trigger
from django_bgsync.exceptions import InvalidEnvelope, ItemFault, ProtocolUnsupported
from django_bgsync.fields import MAX_NAME, Fields, is_uuid
from django_bgsync.identity import fingerprint

PROTOCOL = 1
MAX_AWAITING = 100
MAX_REPORT_BYTES = 4096
MAX_REPORT_DEPTH = 8
_VERDICTS = {status: f'"status":"{status}","disposition":"{DISPOSITIONS[status]}"' for status in Status}
TAG = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ClientIn:
    """What a client says of itself."""

    id: UUID
    app_version: str = ""
    worker_version: str = ""
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    outbox: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """One file as received. `content` is open as long as the request is answered."""

    item: UUID
    name: str
    filename: str
    content_type: str
    size: int
    digest: str
    content: IO[bytes]


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """One delivery as sent. `items` are still raw: each is read on its own."""

    items: list[Any]
    client: ClientIn | None = None
    owner: str = ""
    trigger: str = ""
    sync_tag: str = ""
    last_chance: bool = False
    context: str = ""
    sent_at: datetime | None = None
    awaiting: list[UUID] = field(default_factory=list)
    uploads: Mapping[UUID, Sequence[Upload]] = field(default_factory=dict)


class ItemIn(NamedTuple):
    """One item as sent, well-formed. `fault` is what is wrong with its payload: it matters only if the id is new."""

    id: UUID
    tag: str
    lane: str
    after: UUID | None
    seq: int | None
    created_at: datetime | None
    send_count: int
    retry: int
    text: str
    size: int
    fingerprint: str
    uploads: Sequence[Upload]
    fault: ItemFault | None

    def has_content(self, stored: str) -> bool:
        """Whether a stored fingerprint, also one of an older algorithm, is that of this item."""
        if stored == self.fingerprint or self.fault is not None:
            return stored == self.fingerprint
        return stored == _content_print(self.tag, self.lane, self.text.encode(), self.uploads, like=stored)


@dataclass(kw_only=True, slots=True)
class Result:
    """The server's verdict on one item. `result` and `problem` are JSON text, sent as they are."""

    id: str
    status: Status
    code: str
    replayed: bool = False
    result: str | None = None
    retry_after: int | None = None
    problem: str | None = None

    def render(self) -> str:
        retry_after = "null" if self.retry_after is None else str(self.retry_after)
        return (
            f'{{"id":{quoted(self.id)},{_VERDICTS[self.status]},'
            f'"code":{quoted(self.code)},"replayed":{"true" if self.replayed else "false"},'
            f'"result":{self.result or "null"},"retry_after":{retry_after},'
            f'"problem":{self.problem or "null"}}}'
        )


def read_envelope(document: Any, uploads: Sequence[Upload] = ()) -> Envelope:
    """The envelope in a parsed document, with the files that came beside it. Raises ProtocolUnsupported before it
    looks at anything else, then InvalidEnvelope.
    """
    fields = Fields(document, "The envelope")
    _check_protocol(fields.integer("protocol"))
    if fields["items"] is None:
        raise InvalidEnvelope("items is missing.")
    items = fields.sequence("items")
    return Envelope(
        client=_read_client(fields["client"]),
        items=items,
        owner=fields.string("owner"),
        trigger=fields.choice("trigger", Trigger.values),
        sync_tag=fields.string("sync_tag"),
        last_chance=fields.boolean("last_chance"),
        context=fields.choice("context", Context.values),
        sent_at=fields.instant("sent_at"),
        awaiting=_read_ids(fields.sequence("awaiting")),
        uploads=_by_item(uploads, items),
    )


def read_item(raw: Any, *, max_depth: int, uploads: Mapping[UUID, Sequence[Upload]] | None = None) -> ItemIn:
    """One item of an envelope. Raises ItemFault (`invalid_item`); a bad payload is only noted, in `fault`."""
    try:
        fields = Fields(raw, "The item")
        tag, lane = fields.string("tag"), fields.string("lane")
        if not TAG.fullmatch(tag):
            raise InvalidEnvelope(f"tag must match {TAG.pattern}.")
        if "payload" not in fields:
            raise InvalidEnvelope("payload is missing.")
        item_id = fields.uuid("id")
        files = uploads.get(item_id, ()) if uploads else ()
        text, encoded, fault = canonical(fields["payload"], max_depth=max_depth)
        return ItemIn(
            id=item_id,
            tag=tag,
            lane=lane,
            after=fields.optional_uuid("after"),
            seq=fields.integer("seq"),
            created_at=fields.instant("created_at"),
            send_count=fields.count("send_count"),
            retry=fields.count("retry"),
            text=text,
            size=len(encoded),
            fingerprint=_content_print(tag, lane, encoded, files),
            uploads=files,
            fault=fault,
        )
    except InvalidEnvelope as error:
        raise ItemFault(Code.INVALID_ITEM, error.detail) from None


def _content_print(tag: str, lane: str, payload: bytes, files: Sequence[Upload], *, like: str | None = None) -> str:
    digests = {file.name: file.digest for file in files} if files else None
    return fingerprint(tag, lane, payload, digests, like=like)


def claimed_id(raw: Any) -> str:
    """The id to put on the result of a malformed item: what it called itself, as far as that can be repeated."""
    value = raw.get("id") if isinstance(raw, dict) else None
    return value[:MAX_NAME] if isinstance(value, str) else ""


def write_instant(instant: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def write_answer(head: Mapping[str, Any], **results: Iterable[Result]) -> str:
    """One JSON object: the members of `head`, then a list of results per keyword."""
    members = [f"{json.dumps(name)}:{write_json(value)}" for name, value in head.items()]
    members += [f'"{name}":[{",".join(result.render() for result in listed)}]' for name, listed in results.items()]
    return f"{{{','.join(members)}}}"


def _check_protocol(version: int | None) -> None:
    if version is None:
        raise InvalidEnvelope("protocol is missing.")
    if version != PROTOCOL:
        raise ProtocolUnsupported(f"protocol is {version}; this server speaks {PROTOCOL}.", supported=[PROTOCOL])


def _by_item(uploads: Sequence[Upload], items: Iterable[Any]) -> dict[UUID, list[Upload]]:
    if not uploads:
        return {}
    known = {UUID(named) for raw in items if is_uuid(named := claimed_id(raw))}
    found: dict[UUID, list[Upload]] = {}
    for upload in uploads:
        if upload.item not in known:
            raise InvalidEnvelope(f"A file came for {upload.item}, which is none of the items.")
        found.setdefault(upload.item, []).append(upload)
    return found


def _read_client(value: Any) -> ClientIn:
    fields = Fields(value, "client")
    return ClientIn(
        id=fields.uuid("id"),
        app_version=fields.string("app_version"),
        worker_version=fields.string("worker_version"),
        capabilities=_read_report(fields, "capabilities"),
        outbox=_read_report(fields, "outbox"),
    )


def _read_report(fields: Fields, name: str) -> dict[str, Any]:
    """A small free-form object; it is stored, so it must be storable."""
    report = fields.mapping(name)
    _text, encoded, fault = canonical(report, max_depth=MAX_REPORT_DEPTH)
    if fault or len(encoded) > MAX_REPORT_BYTES:
        raise InvalidEnvelope(f"{name} must be storable JSON of at most {MAX_REPORT_BYTES} bytes.")
    return report


def _read_ids(values: list[Any]) -> list[UUID]:
    if len(values) > MAX_AWAITING:
        raise InvalidEnvelope(f"awaiting names {len(values)} ids; {MAX_AWAITING} are allowed.")
    if not all(map(is_uuid, values)):
        raise InvalidEnvelope("awaiting must be a list of UUIDs.")
    return [UUID(value) for value in values]
