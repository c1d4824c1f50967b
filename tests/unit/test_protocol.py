"""The wire format: envelopes and items as read, results and answers as written."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_bgsync.enums import Status
from django_bgsync.exceptions import InvalidEnvelope, ItemFault, ProtocolUnsupported
from django_bgsync.identity import fingerprint
from django_bgsync.protocol import (
    ClientIn,
    Envelope,
    Result,
    claimed_id,
    read_envelope,
    read_item,
    write_answer,
    write_instant,
)

CLIENT = "0d9d1b58-7c0c-4a52-8c0e-6b5e1c6a6f10"
ID = "019a9f2e-63f1-7cc1-b1a5-8a4d3d0f2b11"
AT = "2026-11-20T10:00:00.000Z"
LEAST = {"protocol": 1, "client": {"id": CLIENT}, "items": []}


def item(raw):
    return read_item(raw, max_depth=8)


def test_least_envelope():
    """Only protocol, client.id and items are required; the rest is empty."""
    assert read_envelope(LEAST) == Envelope(client=ClientIn(id=UUID(CLIENT)), items=[])


def test_full_envelope():
    """Every member of the contract's example is read."""
    capabilities = {"sync": "granted", "periodicSync": "unsupported", "persisted": True, "locks": True}
    outbox = {"pending": 12, "parked": 1, "oldest_at": AT, "dropped": {"quota": 1}}
    document = {
        "protocol": 1,
        "owner": "key",
        "client": {
            "id": CLIENT,
            "app_version": "1.4.0",
            "worker_version": "9",
            "capabilities": capabilities,
            "outbox": outbox,
        },
        "trigger": "sync",
        "sync_tag": "bgsync:post",
        "last_chance": True,
        "context": "worker",
        "sent_at": AT,
        "items": [{"anything": 1}, 7],
        "awaiting": [ID],
    }

    assert read_envelope(document) == Envelope(
        owner="key",
        client=ClientIn(
            id=UUID(CLIENT), app_version="1.4.0", worker_version="9", capabilities=capabilities, outbox=outbox
        ),
        trigger="sync",
        sync_tag="bgsync:post",
        last_chance=True,
        context="worker",
        sent_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
        items=[{"anything": 1}, 7],
        awaiting=[UUID(ID)],
    )


@pytest.mark.parametrize("document", [{"protocol": 2}, {"protocol": 0, "items": 7}])
def test_protocol_first(document):
    """Another version is told before anything else is looked at."""
    with pytest.raises(ProtocolUnsupported) as raised:
        read_envelope(document)
    assert (raised.value.status, raised.value.extra) == (426, {"supported": [1]})


@pytest.mark.parametrize("report", ["capabilities", "outbox"])
def test_large_report(report):
    """What a client says of itself is small: 4 KiB of JSON."""
    for size, fits in ((4096 - 8, True), (4096 - 7, False)):
        document = LEAST | {"client": {"id": CLIENT, report: {"x": "y" * size}}}
        if fits:
            assert read_envelope(document)
        else:
            with pytest.raises(InvalidEnvelope, match=rf"^{report} must be storable JSON of at most 4096 bytes\.$"):
                read_envelope(document)


def test_least_item():
    """Only id, tag and payload are required of an item."""
    found = item({"id": ID, "tag": "post", "payload": None})

    assert (found.id, found.tag, found.lane, found.after, found.seq, found.created_at) == (
        UUID(ID),
        "post",
        "",
        None,
        None,
        None,
    )
    assert (found.send_count, found.retry, found.text, found.size, found.fault) == (
        0,
        0,
        "null",
        4,
        None,
    )
    assert found.fingerprint == fingerprint("post", "", b"null")


def test_full_item():
    """Every member of the contract's example is read; the fingerprint is that of the canonical payload."""
    found = item(
        {
            "id": ID,
            "tag": "post",
            "lane": "shop",
            "after": CLIENT,
            "seq": 41,
            "created_at": AT,
            "send_count": 2,
            "retry": 1,
            "payload": {"b": 1, "a": "ü"},
        }
    )

    assert (found.lane, found.after, found.seq, found.send_count, found.retry) == ("shop", UUID(CLIENT), 41, 2, 1)
    assert found.created_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert (found.text, found.size) == ('{"a":"ü","b":1}', 16)
    assert found.fingerprint == fingerprint("post", "shop", '{"a":"ü","b":1}'.encode())


@pytest.mark.parametrize("tag", ["post", "0", "a.b_c-d", "x" * 64])
def test_good_tags(tag):
    """Lower case, digits and three signs, up to 64."""
    assert item({"id": ID, "tag": tag, "payload": 1}).tag == tag


def test_fault_of_a_payload_is_only_noted():
    """A bad payload matters only if the id is new, so it is noted, and has a fingerprint to compare."""
    found = item({"id": ID, "tag": "post", "payload": "\0"})

    assert (found.fault.code, found.fault.detail) == ("unstorable_payload", "payload holds a NUL character.")
    assert found.fingerprint != item({"id": ID, "tag": "post", "payload": "x"}).fingerprint


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
NAMES = ["id", "tag", "lane", "after", "seq", "created_at", "send_count", "retry", "payload"]


@given(st.dictionaries(st.sampled_from(NAMES), json_values | st.sampled_from([ID, "post", AT])) | json_values)
def test_any_item(raw):
    """Whatever an item is, it is read or is its own fault."""
    with contextlib.suppress(ItemFault):
        item(raw)


ENVELOPE_NAMES = [*Envelope.__dataclass_fields__, "protocol"]


@given(st.dictionaries(st.sampled_from(ENVELOPE_NAMES), json_values), st.booleans())
def test_any_envelope(changes, keep):
    """Whatever an envelope is, it is read or refused."""
    with contextlib.suppress(InvalidEnvelope, ProtocolUnsupported):
        read_envelope(LEAST | changes if keep else changes)


@pytest.mark.parametrize(
    ("raw", "name"),
    [({"id": ID}, ID), ({"id": "x" * 200}, "x" * 100), ({"id": 7}, ""), ({}, ""), (None, ""), ([ID], "")],
)
def test_claimed_id(raw, name):
    """A malformed item is answered under the name it gave itself, as far as that can be repeated."""
    assert claimed_id(raw) == name


def test_write_instant():
    """UTC, milliseconds, Z."""
    instant = datetime(2026, 11, 20, 12, 0, 0, 123999, timezone(timedelta(hours=2)))

    assert write_instant(instant) == "2026-11-20T10:00:00.123Z"
    assert write_instant(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"


def test_render_result():
    """A result has all eight members in the contract's order; stored text is sent as it is."""
    full = Result(
        id=ID,
        status=Status.CONFLICT,
        code="conflict",
        replayed=True,
        result='{"b":1.0,"a":2}',
        retry_after=7,
        problem='{"detail":"No."}',
    )

    assert full.render() == (
        f'{{"id":"{ID}","status":"conflict","disposition":"park","code":"conflict","replayed":true,'
        '"result":{"b":1.0,"a":2},"retry_after":7,"problem":{"detail":"No."}}'
    )
    assert Result(id=ID, status=Status.APPLIED, code="ok").render() == (
        f'{{"id":"{ID}","status":"applied","disposition":"done","code":"ok","replayed":false,'
        '"result":null,"retry_after":null,"problem":null}'
    )


@given(st.text(), st.text())
def test_rendered_text_is_escaped(name, code):
    """An id or code of any characters is one JSON string."""
    rendered = json.loads(Result(id=name, status=Status.REJECTED, code=code).render())

    assert (rendered["id"], rendered["code"]) == (name, code)


def test_write_answer():
    """The head's members first, then the lists."""
    one = Result(id=ID, status=Status.APPLIED, code="ok")

    assert write_answer({"bgsync": 1, "owner": "k"}, results=[one, one], settled=[]) == (
        f'{{"bgsync":1,"owner":"k","results":[{one.render()},{one.render()}],"settled":[]}}'
    )
    assert write_answer({}, results=[]) == '{"results":[]}'
