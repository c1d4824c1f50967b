"""Visitors: owners without an account, and what becomes of their items when somebody signs in."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from django.utils import timezone
from rest_framework.permissions import IsAuthenticated

from django_bgsync.exceptions import WrongOwner
from django_bgsync.handlers import registry
from django_bgsync.identity import uuid7
from django_bgsync.models import SyncClient, SyncItem
from django_bgsync.owners import Owner
from django_bgsync.receiving import intake, visitors
from tests.app.models import Effect
from tests.deliveries import (
    DELIVERIES,
    ITEMS,
    SESSION,
    Device,
    code_of,
    history_of,
    make_due,
    make_item,
    problem_of,
    read,
    result,
    row_of,
    script,
)


@pytest.fixture(autouse=True)
def everybody_may_sync(settings):
    settings.BGSYNC = {"PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"]}


def session_of(device, path=SESSION):
    return read(device.http.get(path, headers={"BGSync-Client": device.id}))


def key_of(device):
    return session_of(device)["owner"]


def ask(device, query="?state=open", **headers):
    named = {"BGSync-Client": device.id, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return device.http.get(ITEMS + query, headers=named)


def mirrored(item):
    return Effect.objects.get(item=item["id"]).seen


def revoke():
    SyncClient.objects.update(revoked_at=timezone.now())


def test_session(visitor):
    """A visitor who names a client has an owner key, the same each time, and the tags that everybody may use."""
    document = session_of(visitor)

    assert document["authenticated"] is False
    assert (len(document["owner"]), document["owner"]) == (22, key_of(visitor))
    assert "note" in document["tags"]
    assert key_of(Device()) != document["owner"]


def test_session_without_a_client(visitor):
    """Who names no client, or one whose id is no secret, has no owner."""
    for headers in ({}, {"BGSync-Client": str(uuid7())}):
        document = read(visitor.http.get(SESSION, headers=headers))
        assert (document["owner"], document["tags"]) == (None, [])


@pytest.mark.parametrize(
    "permission", ["rest_framework.permissions.IsAuthenticated", "tests.app.authentication.Hidden"]
)
def test_where_visitors_may_not(visitor, settings, permission):
    """Where visitors may not sync they have neither owner nor tags, and the session is a 200 all the same."""
    settings.BGSYNC = {"PERMISSION_CLASSES": [permission]}
    document = session_of(visitor)

    assert (document["owner"], document["tags"]) == (None, [])


def test_applied_as_a_visitor(visitor):
    """A visitor's item is applied with an anonymous user, and its row has none."""
    item = make_item("mirror")

    assert visitor.send(item) == [result(item)]
    assert mirrored(item)["user"] == ""
    row = row_of(item)
    assert (row.user_id, row.owner) == (None, f"c:{visitor.id}")


@pytest.mark.parametrize("step", ["receive", "apply"])
def test_signing_in_meanwhile(visitor, device, user, monkeypatch, step):
    """What is on its way when its visitor signs in is applied as the user's, whichever comes first."""
    visitor.send()
    key, device.id = key_of(visitor), visitor.id
    steps = iter([getattr(intake, step)])

    def sign_in_first(*args, **named):
        go_on = next(steps)
        monkeypatch.setattr(intake, step, go_on)
        device.send(owner=key)
        return go_on(*args, **named)

    monkeypatch.setattr(intake, step, sign_in_first)
    item = make_item("mirror")
    visitor.send(item)

    assert mirrored(item)["user"] == user.get_username()
    assert row_of(item).user_id == user.pk


def test_answer_names_the_visitor(visitor):
    """The owner of the answer is the one of the session view."""
    assert read(visitor.deliver())["owner"] == key_of(visitor)


def test_replay_of_a_visitor(visitor):
    """A visitor's replay is one, and another visitor's item of that id is another item."""
    item = make_item("mirror")
    visitor.send(item)

    assert visitor.send(item) == [result(item, replayed=True)]
    assert Device().send(item) == [result(item)]
    assert SyncItem.objects.count() == 2


def test_one_item_of_a_visitor(visitor):
    """The endpoint for one item takes the client from the header."""
    item = make_item("mirror")

    assert read(visitor.post(ITEMS, item, BGSync_Client=visitor.id)) == result(item)
    assert [found["id"] for found in read(ask(visitor, f"?id={item['id']}"))["results"]] == [item["id"]]


@pytest.mark.parametrize(
    "client", [None, "019a9f2e-63f1-7cc1-b1a5-8a4d3d0f2b11", "ebd418a2-e533-11f1-b81e-02fc00000001"]
)
def test_a_visitor_must_have_a_secret(visitor, client):
    """Without a random client id there is no visitor: a 400."""
    headers = {"BGSync_Client": client} if client else {}

    assert code_of(visitor.post(ITEMS, make_item(), **headers)) == (400, "invalid_envelope")
    if client:
        visitor.id = client
        assert code_of(visitor.deliver(make_item())) == (400, "invalid_envelope")
    assert not SyncItem.objects.exists()


def test_permissions_of_a_handler(visitor, monkeypatch):
    """A handler for users only forbids a visitor's item."""
    members_only = replace(registry["note"], permission_classes=(IsAuthenticated,))
    monkeypatch.setitem(registry._entries, "note", members_only)
    [verdict] = visitor.send(make_item())

    assert (verdict["status"], verdict["code"]) == ("rejected", "forbidden")
    assert "note" not in session_of(visitor)["tags"]


class TestBinding:
    @pytest.fixture(autouse=True)
    def before(self, visitor):
        """Something that the visitor did, and could not be finished."""
        self.key = key_of(visitor)
        self.open = script("retry at once", "fail", "apply")
        self.done = make_item("mirror")
        visitor.send(self.open, self.done)

    def test_bound_to_the_first_user(self, visitor, user):
        """Who signs in on the device takes over the visitor's items: same rows, that user's hands."""
        visitor.http.force_login(user)
        new = make_item("mirror")
        answer = read(visitor.deliver(new, owner=self.key))

        assert answer["results"] == [result(new)]
        assert answer["owner"] == visitor.owner_key != self.key
        assert mirrored(new)["user"] == "ada"
        assert row_of(new).owner == row_of(self.open).owner == f"c:{visitor.id}"
        assert (row_of(self.open).user_id, row_of(self.done).user_id) == (user.pk, None)

    def test_open_items_go_on_as_the_user(self, visitor, user):
        """What waited is applied with the user; history and row are those of the visitor's item."""
        visitor.http.force_login(user)
        make_due(self.open)
        [verdict] = visitor.send(self.open, owner=self.key)

        assert verdict["code"] == "retrying"
        assert [hand for _, hand, _, _ in history_of(self.open)] == ["receipt", "replay"]
        assert SyncItem.objects.filter(item_id=self.open["id"]).count() == 1

    def test_awaiting_is_of_the_envelope_s_owner(self, visitor, user):
        """News is asked for under the owner of the items, also by the user."""
        visitor.http.force_login(user)
        mine = {"owner": visitor.owner_key}

        assert read(visitor.deliver(owner=self.key, awaiting=[self.done["id"]]))["settled"] == [
            result(self.done, replayed=True)
        ]
        assert [news["code"] for news in read(visitor.deliver(**mine, awaiting=[self.done["id"]]))["settled"]] == [
            "unknown_item"
        ]

    def test_another_user(self, visitor, user, other):
        """Once bound, another user on the same device is told whose the session is."""
        visitor.http.force_login(user)
        visitor.deliver(owner=self.key)
        visitor.http.force_login(other.user)
        response = visitor.deliver(make_item(), owner=self.key)

        assert code_of(response) == (409, "wrong_owner")
        assert problem_of(response)["owner"] == other.owner_key
        assert code_of(ask(visitor, BGSync_Owner=self.key)) == (409, "wrong_owner")
        assert code_of(visitor.post(ITEMS, make_item(), BGSync_Client=visitor.id, BGSync_Owner=self.key)) == (
            409,
            "wrong_owner",
        )
        assert SyncItem.objects.count() == 2

    @pytest.mark.parametrize("named", [True, False])
    def test_nobody_after_a_user(self, visitor, user, named):
        """Once bound, the items are not a visitor's any more: nobody's session sends them, or reads of them."""
        visitor.http.force_login(user)
        visitor.deliver(owner=self.key)
        visitor.http.logout()
        response = visitor.deliver(make_item(), **({"owner": self.key} if named else {}))

        assert code_of(response) == (409, "wrong_owner")
        assert problem_of(response)["owner"] is None
        assert code_of(ask(visitor)) == (409, "wrong_owner")
        assert session_of(visitor)["owner"] is None

    def test_the_user_again(self, visitor, user):
        """The user they are bound to may go on, with single items and questions too."""
        visitor.http.force_login(user)
        visitor.deliver(owner=self.key)
        item = make_item("mirror")
        again = Device(user)
        again.id = visitor.id
        single = again.post(ITEMS, item, BGSync_Client=again.id, BGSync_Owner=self.key)

        assert read(single) == result(item)
        assert [found["id"] for found in read(ask(again, BGSync_Owner=self.key))["results"]] == [self.open["id"]]
        assert read(ask(again))["results"] == []

    def test_a_question_binds_too(self, visitor, user, other):
        """The first session that asks for a visitor's items is the one they are bound to."""
        visitor.http.force_login(user)
        assert len(read(ask(visitor, BGSync_Owner=self.key))["results"]) == 1
        visitor.http.force_login(other.user)

        assert code_of(ask(visitor, BGSync_Owner=self.key)) == (409, "wrong_owner")

    def test_another_client(self, user):
        """A visitor's key without its client id opens nothing."""
        device = Device(user)

        assert code_of(device.deliver(make_item(), owner=self.key)) == (409, "wrong_owner")
        assert code_of(Device().deliver(make_item(), owner=self.key)) == (409, "wrong_owner")
        assert code_of(device.post(ITEMS, make_item(), BGSync_Owner=self.key)) == (409, "wrong_owner")

    def test_revoked_as_a_user(self, visitor, user):
        """A client revoked for a user does not come in as the visitor it was."""
        visitor.http.force_login(user)
        visitor.deliver()
        SyncClient.objects.filter(user=user).update(revoked_at=timezone.now())

        assert code_of(visitor.deliver(make_item(), owner=self.key)) == (401, "client_revoked")


def test_bound_before_the_server_knew(visitor, user, other):
    """A device whose visitor never reached the server is bound by the first delivery."""
    key = key_of(visitor)
    visitor.http.force_login(user)
    item = make_item("mirror")

    assert visitor.send(item, owner=key) == [result(item)]
    assert mirrored(item)["user"] == "ada"
    visitor.http.force_login(other.user)
    assert code_of(visitor.deliver(owner=key)) == (409, "wrong_owner")


def test_two_users_at_once(visitor, user, other):
    """Of two users who bring a visitor's items at the same moment one is the first, whatever the other has read."""
    visitor.send(make_item())
    [before] = SyncClient.objects.all()
    client_id = uuid.UUID(visitor.id)
    visitors.confirm(SyncClient.objects.get(), Owner(user, visitor=client_id))

    with pytest.raises(WrongOwner) as refused:
        visitors.confirm(before, Owner(other.user, visitor=client_id))
    assert refused.value.extra == {"owner": other.owner_key}
    assert SyncClient.objects.get().user == user


def test_users_are_no_visitors(device):
    """A user's own items stay the user's, whatever the client id."""
    item = make_item("mirror")
    device.send(item)

    assert row_of(item).owner == f"u:{device.user.pk}"


@pytest.mark.parametrize("signed_in", [True, False])
def test_revoked_everywhere(visitor, user, signed_in):
    """A revoked client that names itself is told so by every endpoint, until it is let in again."""
    if signed_in:
        visitor.http.force_login(user)
    visitor.deliver()
    revoke()
    named = {"BGSync-Client": visitor.id}
    answers = [
        visitor.deliver(make_item()),
        visitor.post(ITEMS, make_item(), BGSync_Client=visitor.id),
        ask(visitor),
        ask(visitor, f"?id={uuid.uuid4()}"),
        visitor.http.get(SESSION, headers=named),
    ]

    assert {code_of(answer) for answer in answers} == {(401, "client_revoked")}
    assert not SyncItem.objects.exists()
    SyncClient.objects.update(revoked_at=None)
    assert session_of(visitor)["authenticated"] is signed_in
    assert visitor.http.post(DELIVERIES, "{}", content_type="application/json").status_code == 400
