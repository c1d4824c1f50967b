"""The confirm page: what it asks, whom it lets, and what it answers."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from django_bgsync.admin.operating import PERMISSIONS, operate_url
from django_bgsync.enums import Operation
from django_bgsync.models import OperatorAction, SyncClient, SyncItem, SyncTag
from tests.deliveries import row_of, script
from tests.operators import OPERATE, confirm, fields_of, last_action, operator, page_of, text_of

SCRIPT = "<script>alert(1)</script>"
INDEX = reverse("admin:app_list", args=["django_bgsync"])


@pytest.fixture
def admin(db):
    return operator()


@pytest.fixture
def item(device):
    found = script("reject", "apply")
    device.send(found)
    return found


@pytest.fixture
def urls(device, item):
    """Where each operation is asked for, with something to do for it."""
    held = script("apply", lane="orders")
    device.send(held, script("return NaN"))
    SyncItem.objects.filter(item_id=held["id"]).update(state="held")
    SyncTag.objects.create(name="paused", state="paused")
    client = row_of(item).client
    revoked = SyncClient.objects.create(
        pk=uuid4(),
        client_id=client.client_id,
        owner="u:9",
        first_seen=timezone.now(),
        last_seen=timezone.now(),
        revoked_at=timezone.now(),
    )
    features = {
        "retry": {"id": [row_of(item).pk]},
        "recover": {"since": timezone.now() - timedelta(hours=1)},
        "discard": {"tag": "script", "code": "rejected"},
        "release": {"id": [row_of(held).pk]},
        "pause": {"tag": "script"},
        "resume": {"tag": "paused"},
        "close": {"tag": "script"},
        "revoke": {"client": client.pk},
        "restore": {"client": revoked.pk},
        "rename": {"client": client.pk},
    }
    return {kind: operate_url(kind, **named) for kind, named in features.items()}


@pytest.mark.parametrize("kind", Operation.values)
def test_every_operation(admin, urls, kind):
    """Each is asked for, confirmed, done, kept with who and why, and told of."""
    response = confirm(admin, urls[kind], reason="A good one.", label="Till 3", next=INDEX)
    action = last_action()

    assert (response.status_code, response["Location"]) == (302, INDEX)
    assert (action.kind, action.state, action.done, action.username) == (kind, "done", 1, "root")
    assert action.reason == "A good one."
    told = admin.get(INDEX).content.decode()
    assert f"{Operation(kind).label.capitalize()}: 1 " in told
    assert page_of(action) in told
    assert text_of(admin, page_of(action))


@pytest.mark.parametrize("kind", Operation.values)
def test_permissions(urls, kind):
    """The permission of an operation allows it, and no other does, neither to ask nor to do."""
    others = operator(*(set(PERMISSIONS.values()) - {PERMISSIONS[Operation(kind)]}))
    text_of(others, urls[kind], status=403)
    given = {**fields_of(text_of(operator(), urls[kind])), "reason": "x"}
    assert others.post(OPERATE, given).status_code == 403
    assert not OperatorAction.objects.exists()

    allowed = operator(PERMISSIONS[Operation(kind)], name="other")
    assert allowed.post(OPERATE, given).status_code == 302
    assert text_of(allowed, page_of(last_action())), "one's own action may be looked at"


def test_opening_a_closed_tag(urls):
    """Who may pause must not open what somebody closed."""
    SyncTag.objects.filter(name="paused").update(state="closed")

    clerk = operator("pause_synctag", "view_synctag")
    for kind in ("pause", "resume"):
        text_of(clerk, operate_url(kind, tag="paused"), status=403)
        given = {"kind": kind, "tag": "paused", "token": str(uuid4()), "reason": "x"}
        assert clerk.post(OPERATE, given).status_code == 403
    assert "?kind=" not in text_of(clerk, reverse("admin:django_bgsync_synctag_change", args=["paused"]))
    assert SyncTag.objects.get(name="paused").state == "closed"
    both = operator("pause_synctag", "close_synctag", name="other")
    confirm(both, operate_url("resume", tag="paused"))
    assert SyncTag.objects.get(name="paused").state == "open"


def test_others_actions(admin, item, django_user_model):
    """Others' actions are for those who may view actions."""
    confirm(admin, operate_url("retry", id=[row_of(item).pk]))

    assert operator("retry_syncitem").get(page_of(last_action())).status_code == 403


@pytest.mark.parametrize("method", ["get", "post"])
def test_strangers(db, django_user_model, method):
    """Who is not of the staff is led to the login."""
    http = Client()
    http.force_login(django_user_model.objects.create_user("ada"))
    response = getattr(http, method)(OPERATE, {"kind": "pause", "tag": "note"})

    assert (response.status_code, "/login/" in response["Location"]) == (302, True)


def test_forged(urls, admin, django_user_model):
    """Without a CSRF token nothing is done."""
    given = {**fields_of(text_of(admin, urls["retry"]))}
    http = Client(enforce_csrf_checks=True)
    http.force_login(django_user_model.objects.get(username="root"))

    assert http.post(OPERATE, given).status_code == 403
    assert not OperatorAction.objects.exists()


@pytest.mark.parametrize("kind", ["discard", "pause", "close", "revoke"])
def test_reason_is_asked_for(admin, urls, kind):
    """What others will ask about needs a reason."""
    response = confirm(admin, urls[kind])

    assert response.status_code == 200
    assert "This field is required." in response.content.decode()
    assert not OperatorAction.objects.exists()


def test_pressed_twice(admin, item):
    """The second of two clicks does nothing, and is answered as the first."""
    fields = fields_of(text_of(admin, operate_url("retry", id=[row_of(item).pk])))
    answers = [admin.post(OPERATE, fields) for _ in range(2)]

    assert [response.status_code for response in answers] == [302, 302]
    assert (OperatorAction.objects.count(), LogEntry.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    "query",
    [
        *("", "kind=sell&tag=note", "kind=retry", "kind=retry&id=x", "kind=retry&since=x", "kind=pause&tag="),
        *("kind=discard&user=" + "9" * 40, "kind=retry&tag=%00", "kind=retry&tag=a&tag=b"),
    ],
)
def test_odd_questions(admin, query):
    """What cannot be understood is answered with a sentence, and nothing is done."""
    for response in (admin.get(f"{OPERATE}?{query}"), admin.post(f"{OPERATE}?{query}", parse_qs(query))):
        assert response.status_code == 400
        assert "errornote" in response.content.decode()
    assert not OperatorAction.objects.exists()


def test_nothing_matches(admin):
    """Where there is nothing to do there is no button."""
    text = text_of(admin, operate_url("retry", tag="note", next=INDEX))

    assert "There is nothing to do" in text
    assert 'method="post" action' not in text.partition('id="content-main"')[2]


def test_left_out_of_those_chosen(admin, item, device):
    """Of items that were ticked the page says how many it would leave alone."""
    device.send(done := script("apply"))
    one, both = ([row_of(found).pk for found in chosen] for chosen in ([item], [item, done]))

    assert "left out" not in text_of(admin, operate_url("discard", id=one))
    text = text_of(admin, operate_url("discard", id=both))
    assert ("<strong>1 item</strong>" in text, "1 of those chosen is left out" in text) == (True, True)


def test_nothing_is_left(admin, item):
    """What somebody else has done meanwhile is said to be done."""
    fields = fields_of(text_of(admin, operate_url("retry", id=[row_of(item).pk])))
    SyncItem.objects.update(state="applied")

    assert "Retry: 0 items." in admin.post(OPERATE, fields, follow=True).content.decode()


def test_since_is_asked_for(admin, item):
    """Recovering without a time asks for one first, and then counts."""
    text = text_of(admin, operate_url("recover", tag="script", code="rejected"))
    assert 'type="datetime-local" name="since"' in text
    text = text_of(admin, f"{operate_url('recover', tag='script', code='rejected')}&since=2020-01-01T10:00")

    assert "<strong>1 item</strong>" in text


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_led_nowhere_else(admin, item, where):
    """Afterwards nobody is led to another site."""
    response = confirm(admin, operate_url("retry", id=[row_of(item).pk], next=where))

    assert response["Location"] == INDEX


def test_hostile_text(admin, device):
    """Names and reasons are text on every page, never markup; no page of ours has a script or a style in it."""
    SyncTag.objects.create(name="note")
    url = operate_url("pause", tag="note", next=INDEX)
    confirm(admin, url, reason=SCRIPT)
    OperatorAction.objects.update(username=SCRIPT, error=SCRIPT, selection={"lane": [SCRIPT]})
    listed = reverse("admin:django_bgsync_operatoraction_changelist")
    pages = [
        text_of(admin, page)
        for page in (
            listed,
            page_of(last_action()),
            operate_url("retry", lane=SCRIPT),
            operate_url("close", tag="note"),
        )
    ]

    assert not any(SCRIPT in text for text in pages)
    for text in pages:
        assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son\w+=", text)


def test_django_log(admin, urls):
    """Django's own log has it too: with the action, and with the tag or client."""
    confirm(admin, urls["close"], reason="Sold out.")

    entries = {(entry.content_type.model, entry.object_id): entry.change_message for entry in LogEntry.objects.all()}
    said = f"close ({last_action().pk}): Sold out."
    assert entries == {("operatoraction", str(last_action().pk)): said, ("synctag", "script"): said}


def test_revoking_is_advisory(admin, urls, device):
    """The page says what revoking does not do, and leads to the user."""
    text = text_of(admin, urls["revoke"])

    assert "Revoking is advisory" in text
    assert reverse("admin:auth_user_change", args=[device.user.pk]) in text


def test_user_without_a_page(admin, urls, monkeypatch):
    """Where the admin has no page of users, the page of revoking does without."""
    monkeypatch.setattr("django_bgsync.admin.confirming.get_user_model", lambda: SyncTag)
    monkeypatch.setattr(SyncTag._meta, "model_name", "nothing")

    assert "Revoking is advisory" in text_of(admin, urls["revoke"])


def test_left_out(admin, item):
    """What somebody was trying just then is said to be left out."""
    url = operate_url("retry", id=[row_of(item).pk])
    SyncItem.objects.update(state="waiting", claimed_at=timezone.now(), finished_at=None)

    assert "Retry: 0 items. Left out: 1," in confirm_and_follow(admin, url)


def confirm_and_follow(http, url):
    return text_of(http, confirm(http, url)["Location"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["retry", "pause"])
def test_atomic_requests(admin, urls, monkeypatch, kind):
    """ATOMIC_REQUESTS puts no transaction around what has commits of its own."""
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)

    assert confirm(admin, urls[kind], reason="A good one.").status_code == 302
    assert (last_action().state, last_action().done) == ("done", 1)
