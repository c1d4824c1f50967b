"""POST v1/items/ for one item by HTTP status, GET v1/items/ for how the caller's own stand."""

from __future__ import annotations

import json
import uuid
from base64 import urlsafe_b64encode
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from django_bgsync.models import Delivery, DeliveryAttempt, SyncClient, SyncItem
from tests.app.bgsync import ANSWER
from tests.deliveries import (
    ITEMS,
    claim,
    code_of,
    effects_of,
    history_of,
    make_item,
    problem_of,
    read,
    result,
    row_of,
    script,
)

UNKNOWN = "01a1fb06-bfe7-7ec8-abad-e4700cda8c3d"


@pytest.mark.parametrize(
    ("step", "http", "status", "code"),
    [
        ("apply", 200, "applied", "ok"),
        ("fail", 202, "accepted", "retrying"),
        ("retry later", 202, "accepted", "retrying"),
        ("conflict", 409, "conflict", "conflict"),
        ("reject with a code", 422, "rejected", "sold_out"),
        ("DRF validation", 422, "rejected", "invalid"),
        ("Django permission", 422, "rejected", "forbidden"),
        ("return NaN", 422, "rejected", "bad_result"),
    ],
)
def test_what_the_server_holds(device, step, http, status, code):
    """Whatever a handler decided, the item is stored, and the HTTP status says what became of it."""
    item = script(step)

    assert verdict_on(device, item) == (http, status, code)
    assert row_of(item).code == code


@pytest.mark.parametrize(
    ("change", "http", "status", "code"),
    [
        ({"payload": "\0"}, 422, "rejected", "unstorable_payload"),
        ({"tag": "Capital"}, 422, "rejected", "invalid_item"),
        ({"payload": "x" * 300_000}, 413, "rejected", "too_large"),
        ({"tag": "nobody"}, 503, "deferred", "unknown_tag"),
    ],
    ids=["unstorable", "malformed", "too large", "unknown tag"],
)
def test_what_the_server_does_not_hold(device, change, http, status, code):
    """What could not be taken is no `ok`, and is not stored."""
    assert verdict_on(device, make_item() | change) == (http, status, code)
    assert not SyncItem.objects.exists()


def verdict_on(device, item):
    response = device.post(ITEMS, item)
    document = json.loads(response.content)
    assert document["id"] == item["id"]
    assert (response["Content-Type"], response["X-BGSync"], response["Cache-Control"]) == (
        "application/json",
        "1",
        "no-store",
    )
    assert response.get("Retry-After") == (document["retry_after"] and str(document["retry_after"]))
    return response.status_code, document["status"], document["code"]


def test_whole_answer(device):
    """The answer is the item's result object, as in a delivery."""
    item = make_item()

    assert read(device.post(ITEMS, item)) == result(item, result=ANSWER)
    assert read(device.post(ITEMS, item)) == result(item, result=ANSWER, replayed=True)
    assert device.send(item) == [result(item, result=ANSWER, replayed=True)]


def test_mismatch(device):
    """Other content under a known id is a 422."""
    item = make_item()
    device.post(ITEMS, item)

    assert read(device.post(ITEMS, {**item, "payload": 2}), 422)["code"] == "payload_mismatch"


def test_in_flight(device):
    """An item that somebody works on is a 409 with Retry-After."""
    item = script("fail")
    device.send(item)
    claim(item)
    response = device.post(ITEMS, item)

    assert read(response, 409) == result(item, "deferred", "in_flight", retry_after=2)
    assert response["Retry-After"] == "2"


@pytest.mark.parametrize("quoted", ["{}", '"{}"', ' "{}" '])
def test_idempotency_key(device, quoted):
    """The id may stand in Idempotency-Key, bare or quoted: it is the same item."""
    item = make_item()
    bare = {name: value for name, value in item.items() if name != "id"}
    first = device.post(ITEMS, bare, Idempotency_Key=quoted.format(item["id"]))

    assert read(first) == result(item, result=ANSWER)
    assert read(device.post(ITEMS, item)) == result(item, result=ANSWER, replayed=True)
    assert effects_of(item) == 1


@pytest.mark.parametrize("key", [None, "", "seven", '""'])
def test_no_usable_id(device, key):
    """Without a usable id there is no item."""
    headers = {} if key is None else {"Idempotency_Key": key}

    assert read(device.post(ITEMS, {"tag": "note", "payload": 1}, **headers), 422)["code"] == "invalid_item"


def test_id_in_the_body_wins(device):
    """An item that names itself is not renamed by a header."""
    item = make_item()

    assert read(device.post(ITEMS, item, Idempotency_Key=str(uuid.uuid4())))["id"] == item["id"]


def test_client_in_the_header(device):
    """BGSync-Client names the client; parameters behind it are left alone."""
    item, nameless = make_item(), make_item()
    device.post(ITEMS, item, BGSync_Client=f"{device.id};trigger=timer")
    device.post(ITEMS, nameless)

    assert str(row_of(item).client.client_id) == device.id
    assert row_of(nameless).client is None
    assert SyncClient.objects.count() == 1
    assert set(Delivery.objects.values_list("context", "trigger", "items")) == {("other", "", 1)}


def test_handler_knows_no_client(device):
    """The handler of an item whose sender named no client is told of none."""
    assert read(device.post(ITEMS, make_item("mirror")))["status"] == "applied"
    assert DeliveryAttempt.objects.get().client is None


@pytest.mark.parametrize("value", ["me", " ", "x" * 36, "{0d9d1b58-7c0c-4a52-8c0e-6b5e1c6a6f10}"])
def test_malformed_client(device, value):
    """A client that is no UUID is a 400."""
    assert code_of(device.post(ITEMS, make_item(), BGSync_Client=value)) == (400, "invalid_envelope")


@pytest.mark.parametrize("path", [ITEMS, f"{ITEMS}?state=open", f"{ITEMS}?id={UNKNOWN}"])
def test_wrong_owner(device, other, path):
    """BGSync-Owner of somebody else is a 409 that names the session's owner, and nothing runs."""
    method = "POST" if path == ITEMS else "GET"
    response = other.http.generic(method, path, b"{}", "application/json", headers={"BGSync-Owner": device.owner_key})

    assert problem_of(response) == {
        "title": "These items belong to somebody else than the session does.",
        "status": 409,
        "code": "wrong_owner",
        "detail": "These items belong to somebody else than the session does.",
        "owner": other.owner_key,
    }
    assert not SyncItem.objects.exists()


def test_right_owner(device):
    """The session's own key is let through."""
    assert read(device.post(ITEMS, make_item(), BGSync_Owner=device.owner_key))["status"] == "applied"


def ask(device, **query):
    return device.http.get(f"{ITEMS}?{urlencode(query, doseq=True)}")


def test_by_id(device, other):
    """One's own items are answered in the order asked for, each once; unknown and other people's are left out."""
    mine, refused, theirs = make_item(), script("reject"), make_item()
    device.send(mine, refused)
    other.send(theirs)
    ids = [refused["id"], str(uuid.uuid4()), mine["id"], theirs["id"], refused["id"]]

    assert read(ask(device, id=ids)) == {
        "results": [
            result(refused, "rejected", "rejected", replayed=True, problem={"detail": "Sold out."}),
            result(mine, result=ANSWER, replayed=True),
        ]
    }


def test_asking_changes_nothing(device):
    """A GET tries nothing, however due."""
    item = script("fail", "apply")
    device.send(item)
    SyncItem.objects.update(next_at=row_of(item).received_at)

    assert read(ask(device, id=item["id"]))["results"] == [
        result(item, "accepted", "retrying", replayed=True, retry_after=1)
    ]
    assert len(history_of(item)) == 1


@pytest.mark.parametrize("forged", [{"owner": "u:somebody"}, {"item_id": uuid.uuid4()}])
def test_forged_collision(device, forged):
    """A row under the same key that belongs to another item or owner is left out."""
    item = make_item()
    device.send(item)
    SyncItem.objects.update(**forged)

    assert read(ask(device, id=item["id"])) == {"results": []}


def test_open_items(device, other):
    """state=open lists one's own items that are not applied, newest first."""
    items = [script("reject"), make_item(), script("fail"), script("conflict")]
    for item in items:
        device.send(item)
    other.send(script("reject"))
    answer = read(ask(device, state="open"))

    assert [each["id"] for each in answer["results"]] == [items[3]["id"], items[2]["id"], items[0]["id"]]
    assert answer["next"] is None


@pytest.mark.parametrize("spread", [True, False], ids=["at different times", "at the same time"])
def test_cursor(device, spread):
    """A hundred at a time; the cursor leads on without gap or repetition, though new items arrive meanwhile."""
    batches = [[script("reject") for _ in range(100)], [script("reject") for _ in range(100)], [script("reject")]]
    for batch in batches:
        device.send(*batch)
    if not spread:
        SyncItem.objects.update(received_at=row_of(batches[0][0]).received_at)
    seen, query, pages = [], {}, 0
    while True:
        page = read(ask(device, state="open", **query))
        seen += [each["id"] for each in page["results"]]
        pages += 1
        if page["next"] is None:
            break
        query = {"cursor": page["next"]}
        if pages == 1:
            late = script("reject")
            device.send(late)
            SyncItem.objects.filter(item_id=late["id"]).update(
                received_at=row_of(late).received_at + timedelta(seconds=1)
            )

    assert pages == 3
    assert sorted(seen) == sorted(item["id"] for batch in batches for item in batch)


def cursor(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"state": "closed"},
        {"cursor": "x"},
        {"id": "seven"},
        {"id": ""},
        {"id": [UNKNOWN, "\0"]},
        {"id": [UNKNOWN] * 101},
        {"state": "open", "cursor": "x"},
        {"state": "open", "cursor": "ü"},
        {"state": "open", "cursor": "\0"},
        {"state": "open", "cursor": cursor("now")},
        {"state": "open", "cursor": cursor(f"now {UNKNOWN}")},
        {"state": "open", "cursor": cursor("2026-01-01T00:00:00+00:00 x")},
        {"state": "open", "cursor": cursor(f"2026-01-01T00:00:00 {UNKNOWN}")},
        {"state": "open", "cursor": cursor(f"0001-01-01T00:00:00+23:59 {UNKNOWN}")},
        {"state": "open", "cursor": urlsafe_b64encode(b"\xff\xfe").decode()},
    ],
)
def test_bad_question(device, query):
    """A question that cannot be read is a 400."""
    assert code_of(ask(device, **query)) == (400, "invalid_envelope")
