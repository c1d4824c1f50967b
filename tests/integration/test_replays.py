"""The same id again: the stored answer, never a second run, and never anything of somebody else's."""

from __future__ import annotations

import re
import uuid

import pytest
from django.contrib.auth import get_user_model

from django_bgsync.identity import item_key
from django_bgsync.models import Delivery, DeliveryAttempt, SyncItem
from tests.app.bgsync import ANSWER
from tests.deliveries import (
    Device,
    effects_of,
    history_of,
    make_item,
    read,
    result,
    row_of,
    script,
)

MISMATCH = {
    "detail": "This id was sent before with other content. Nothing was run; send an edited item under a new id."
}


@pytest.mark.parametrize(
    ("tag", "payload"),
    [
        ("note", None),
        ("typed", {}),
        ("script", ["reject with a code"]),
        ("script", ["conflict"]),
        ("script", ["return NaN"]),
        ("script", ["Django permission"]),
    ],
)
@pytest.mark.parametrize("send_count", [1, 2])
def test_replay_is_byte_identical(device, tag, payload, send_count):
    """Apart from `replayed`, a final item's result is the same text at every replay."""
    item = make_item(tag, payload)
    first = results_text(device.deliver(item))
    again = [results_text(device.deliver({**item, "send_count": send_count})) for _ in range(2)]

    assert again == [first.replace('"replayed":false', '"replayed":true')] * 2
    assert len(history_of(item)) == 1


def results_text(response) -> str:
    return re.search(r'"results":(\[.*\]),"settled"', response.content.decode())[1]


@pytest.mark.parametrize("send_count", [1, 2])
def test_replay_writes_nothing(device, send_count):
    """A delivery that brings nothing new is not stored."""
    item = make_item()
    device.send(item)
    device.send({**item, "send_count": send_count})

    assert (Delivery.objects.count(), SyncItem.objects.count(), DeliveryAttempt.objects.count()) == (1, 1, 1)


def test_replay_among_new_items(device):
    """A delivery with old and new items applies the new ones only."""
    old, new = make_item(), make_item()
    device.send(old)

    assert device.send(new, {**old, "send_count": 2}) == [
        result(new, result=ANSWER),
        result(old, result=ANSWER, replayed=True),
    ]
    assert (effects_of(old), effects_of(new)) == (1, 1)


def test_replay_may_say_other_things_of_the_sending(device):
    """Times, counts, `seq` and `after` are not content: what they say may change."""
    item = make_item(created_at="2026-01-01T00:00:00Z", send_count=1, seq=1)
    device.send(item)
    told = {"created_at": "2026-01-02T00:00:00Z", "send_count": 9, "seq": 2, "after": str(uuid.uuid4())}

    assert device.send({**item, **told}) == [result(item, result=ANSWER, replayed=True)]


def test_replay_may_order_keys_otherwise(device):
    """The order of the payload's keys is not content."""
    item = make_item(payload={"a": 1, "b": {"c": 2, "d": 3}})
    device.send(item)

    assert device.send({**item, "payload": {"b": {"d": 3, "c": 2}, "a": 1}})[0]["replayed"] is True


def test_replay_from_another_device(user, device):
    """The same user's item is the same item whichever device sends it."""
    item = make_item()
    device.send(item)

    assert Device(user).send(item) == [result(item, result=ANSWER, replayed=True)]


def test_id_in_capitals(device):
    """An id's capitals do not make another item."""
    item = make_item()
    device.send(item)
    shouted = {**item, "id": item["id"].upper()}

    assert device.send(shouted)[0]["replayed"] is True
    assert effects_of(item) == 1


def test_twice_in_one_delivery(device):
    """The same id twice in one delivery is applied once; the second result is the replay."""
    item = make_item()

    assert device.send(item, item) == [result(item, result=ANSWER), result(item, result=ANSWER, replayed=True)]
    assert effects_of(item) == 1


def test_twice_with_other_content_in_one_delivery(device):
    """Of two contents under one id the first is applied, the second a mismatch."""
    item = make_item(payload=1)

    assert device.send(item, {**item, "payload": 2}) == [
        result(item, result=ANSWER),
        result(item, "conflict", "payload_mismatch", problem=MISMATCH),
    ]
    assert row_of(item).payload == "1"


def test_good_copy_after_a_bad_one(device):
    """A copy that cannot be stored does not keep a good one under the same id from being applied."""
    item = make_item(payload="fine")
    bad = {**item, "payload": "\0"}

    assert [each["code"] for each in device.send(bad, item)] == ["payload_mismatch", "ok"]


@pytest.mark.parametrize(
    "change", [{"payload": {"n": 1.0}}, {"lane": "other"}, {"tag": "mirror"}], ids=["payload", "lane", "tag"]
)
@pytest.mark.parametrize("send_count", [1, 2])
def test_mismatch(device, change, send_count):
    """The same id with another tag, lane or payload is a conflict; nothing runs, and the first one stays."""
    item = make_item(payload={"n": 1})
    device.send(item)
    found = device.send({**item, **change, "send_count": send_count})

    assert found == [result(item, "conflict", "payload_mismatch", problem=MISMATCH)]
    assert (effects_of(item), history_of(item)) == (1, [(1, "receipt", "applied", "ok")])
    assert device.send(item) == [result(item, result=ANSWER, replayed=True)]


@pytest.mark.parametrize("change", [{"payload": "\0"}, {"payload": "x" * 300_000}, {"tag": "nobody"}])
def test_known_row_comes_before_what_is_wrong(device, change):
    """An id the server knows is looked at before tag, size and payload: it is a mismatch, not a new fault."""
    item = make_item()
    device.send(item)

    assert device.send({**item, **change})[0]["code"] == "payload_mismatch"


def test_somebody_elses_same_id(device, other):
    """Another user's item with the same id is another item, and nobody learns anything of it."""
    item = script("apply")
    theirs = {**item, "payload": ["reject"]}
    found = device.send(item), other.send(theirs), device.send(item), other.send(theirs)

    assert [(each["status"], each["replayed"]) for [each] in found] == [
        ("applied", False),
        ("rejected", False),
        ("applied", True),
        ("rejected", True),
    ]
    assert SyncItem.objects.filter(item_id=item["id"]).count() == 2


@pytest.mark.parametrize("forged", ["item_id", "owner"])
@pytest.mark.parametrize("send_count", [1, 2])
def test_forged_collision(device, forged, send_count):
    """A row under the same key that belongs to another item or owner is a conflict, never a merge."""
    item = make_item()
    device.send(item)
    stranger = {"item_id": uuid.uuid4(), "owner": "u:somebody"}[forged]
    SyncItem.objects.update(**{forged: stranger}, result='"secret"')
    found = device.send({**item, "send_count": send_count})

    assert found == [result(item, "conflict", "payload_mismatch", problem=MISMATCH)]
    assert device.ask(item) == [result(item, "deferred", "unknown_item")]


def test_key_is_independent_of_the_secret_key(device, settings):
    """A rotated SECRET_KEY makes no replay run again."""
    item = make_item()
    device.send(item)
    key = device.owner_key
    settings.SECRET_KEY = "rotated"
    device.http.force_login(device.user)

    assert device.owner_key == key
    assert device.send(item) == [result(item, result=ANSWER, replayed=True)]
    assert row_of(item).pk == item_key(f"u:{device.user.pk}", uuid.UUID(item["id"]))


def test_logged_out_and_in_again(device):
    """What was refused for want of a session leaves nothing behind: the same item is applied after the login."""
    item = make_item()
    device.http.logout()
    assert device.deliver(item).status_code == 401
    device.http.force_login(get_user_model().objects.get())

    assert device.send({**item, "send_count": 2}) == [result(item, result=ANSWER)]


def test_v4_ids(device):
    """Ids that carry no time are good ids."""
    item = make_item() | {"id": str(uuid.uuid4())}

    assert device.send(item) == [result(item, result=ANSWER)]
    assert device.send(item) == [result(item, result=ANSWER, replayed=True)]


def test_user_with_a_session_of_somebody_else(device, other):
    """An envelope for another owner than the session's is refused before any item is read."""
    key = device.owner_key
    response = other.deliver(make_item(), {"broken": True}, owner=key)
    problem = read(response, 409)

    assert (problem["code"], problem["owner"]) == ("wrong_owner", other.owner_key)
    assert not SyncItem.objects.exists()
    assert read(device.deliver(make_item(), owner=key))["owner"] == key
