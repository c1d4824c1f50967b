"""The log of operators' actions: how far a large one has come, how it is stopped, and how it is begun from a list."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from django.utils import timezone

from django_bgsync.admin.operating import operate_links, operate_url
from django_bgsync.enums import Operation
from django_bgsync.models import ItemNote, OperatorAction, SyncItem
from django_bgsync.operations import actions, batches
from django_bgsync.upkeep import sweep
from tests.deliveries import make_item, row_of, script
from tests.operators import confirm, fields_of, last_action, operator, page_of, text_of

LIST = reverse("admin:django_bgsync_operatoraction_changelist")
ITEMS = reverse("admin:django_bgsync_syncitem_changelist")
REFRESH = '<meta http-equiv="refresh"'


@pytest.fixture
def admin(db):
    return operator()


@pytest.fixture
def large(device, monkeypatch):
    """Seven rejected items, too many to be done at once."""
    monkeypatch.setattr(actions, "AT_ONCE", 6)
    monkeypatch.setattr(batches, "BATCH", 3)
    found = [script("reject", "apply") for _ in range(7)]
    device.send(*found)
    return found


def cancel(http, action):
    return http.post(reverse("admin:django_bgsync_cancel", args=[action.pk]), follow=True)


def test_progress(admin, large):
    """A large action leads to a page that reloads itself, without a script, until it is done."""
    url = operate_url("retry", tag="script")
    assert "It is done in the background" in text_of(admin, url)
    response = confirm(admin, url)
    action = last_action()
    assert (response.status_code, response["Location"]) == (302, page_of(action))
    text = text_of(admin, page_of(action))
    assert ('value="0" max="7"' in text, REFRESH in text) == (True, True)

    left = iter(range(1))
    batches.carry_on(action.pk, lambda: next(left, None) is None)
    text = text_of(admin, page_of(action))
    assert ('value="3" max="7"' in text, REFRESH in text, "3 of 7" in text) == (True, True, True)

    sweep.sweep()
    text = text_of(admin, page_of(action))
    assert (REFRESH in text, "7 of 7" in text, "progress aria-label" in text) == (False, True, False)
    assert all(reverse("admin:django_bgsync_syncitem_change", args=[row_of(item).pk]) in text for item in large)


def test_total_without_end(admin, large, monkeypatch):
    """A total that was not counted to its end is said to be more than that."""
    monkeypatch.setattr(actions, "COUNTED", 5)
    url = operate_url("retry", tag="script")
    assert "<strong>more than 5 items</strong>" in text_of(admin, url)
    confirm(admin, url)

    text = text_of(admin, page_of(last_action()))
    assert ("0 of more than 5" in text, "max=" in text.partition("<progress")[2][:60]) == (True, False)


def test_cancel_before_anybody_is_at_it(admin, large):
    """It is over at once, whether or not a worker is running."""
    confirm(admin, operate_url("discard", tag="script"), reason="x")
    cancel(admin, last_action())

    assert (last_action().state, last_action().done) == ("cancelled", 0)


def test_cancel(admin, large):
    """The button stops what somebody is at: nothing more is done, what is done stays, and the button is gone."""
    confirm(admin, operate_url("discard", tag="script"), reason="x")
    action = last_action()
    url = reverse("admin:django_bgsync_cancel", args=[action.pk])
    assert f'formaction="{url}"' in text_of(admin, page_of(action))
    OperatorAction.objects.update(claimed_at=timezone.now())
    assert "It stops after this batch." in cancel(admin, action).content.decode()
    OperatorAction.objects.update(claimed_at=None)
    sweep.sweep()

    action.refresh_from_db()
    assert (action.state, action.done) == ("cancelled", 0)
    assert url not in text_of(admin, page_of(action))
    assert "It is over already." in cancel(admin, action).content.decode()


def test_cancel_is_for_those_who_may(large):
    """Who may not do it may not stop it either; and a link alone stops nothing."""
    admin = operator()
    confirm(admin, operate_url("discard", tag="script"), reason="x")
    url = reverse("admin:django_bgsync_cancel", args=[last_action().pk])
    viewer = operator("view_operatoraction")

    assert (viewer.post(url).status_code, admin.get(url).status_code) == (403, 405)
    assert url not in text_of(viewer, page_of(last_action()))
    assert last_action().cancel_requested_at is None


def test_log_is_read_only(admin, large):
    """Nobody changes, deletes or adds an action by hand."""
    confirm(admin, operate_url("retry", id=[row_of(large[0]).pk]))
    before = OperatorAction.objects.values().get()
    page = page_of(last_action())

    assert admin.post(page, {"reason": "other"}).status_code == 403
    assert admin.post(page.replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert admin.get(reverse("admin:django_bgsync_operatoraction_add")).status_code == 403
    assert OperatorAction.objects.values().get() == before


def test_list(admin, large, device):
    """The list names who, what, on what and how far; it outlives the user."""
    confirm(admin, operate_url("retry", id=[row_of(item).pk for item in large[:5]]))
    confirm(admin, operate_url("discard", tag="script", code="rejected"), reason="Sold out.")
    last_action().user.delete()
    text = text_of(admin_again(), LIST)

    for said in ("Sold out.", "root", "tag=script code=rejected", "5 of 5", "discard"):
        assert said in text


def admin_again():
    return operator("view_operatoraction", name="other")


def test_removed_item(admin, large):
    """An action outlives the items that it has changed."""
    confirm(admin, operate_url("retry", id=[row_of(large[0]).pk]))
    SyncItem.objects.all().delete()

    assert "removed" in text_of(admin, page_of(last_action()))


@pytest.mark.parametrize(
    ("choice", "kind"), [("retry_chosen", "retry"), ("discard_chosen", "discard"), ("release_chosen", "release")]
)
def test_chosen_in_a_list(admin, device, choice, kind):
    """Ticked rows lead to the confirm page with just these, and back to the list as it was."""
    items = [script("reject") for _ in range(3)]
    device.send(*items)
    if kind == "release":
        SyncItem.objects.update(state="held")
    chosen = [row_of(item).pk for item in items[:2]]
    listed = f"{ITEMS}?tag__name__exact=script"
    response = admin.post(listed, {"action": choice, "_selected_action": chosen})
    assert response.status_code == 302
    fields = fields_of(text_of(admin, response["Location"]))
    assert (sorted(fields["id"]), fields["kind"], fields["next"]) == (sorted(map(str, chosen)), [kind], [listed])

    assert confirm(admin, response["Location"], reason="x")["Location"] == listed
    assert {note.item_id for note in ItemNote.objects.all()} == set(chosen)


def test_all_that_match(admin, large, other):
    """A list that is narrowed offers operations on all that match, on whatever page they stand."""
    other.send(script("reject"), make_item())
    client = row_of(large[0]).client_id
    narrowed = f"tag__name__exact=script&code__exact=rejected&client__id__exact={client}&period=24h&p="
    text = text_of(admin, f"{ITEMS}?{narrowed}")
    [url] = {unescape(url) for url in re.findall(r'href="([^"]+operate/\?kind=retry[^"]+)"', text)}
    assert "<strong>7 items</strong>" in text_of(admin, url)
    assert "<strong>7 items</strong>" in text_of(admin, unescape(url).replace("kind=retry", "kind=discard"))


@pytest.mark.parametrize("search", ["user", "tag", "code", "client"])
def test_all_that_was_searched(admin, large, other, search):
    """The items of a user, tag, code or client that somebody has searched for can be retried at once."""
    other.send(script("reject"))
    item = row_of(large[0])
    text = {
        "user": item.user.get_username(),
        "tag": "script",
        "code": "rejected",
        "client": f"…{str(item.client.client_id)[-8:]}",
    }[search]
    listed = text_of(admin, f"{ITEMS}?{urlencode({'q': text, 'state__exact': 'parked'})}")
    [url] = {unescape(url) for url in re.findall(r'href="([^"]+operate/\?kind=retry[^"]+)"', listed)}

    expected = 8 if search in ("tag", "code") else 7
    assert f"<strong>{expected} items</strong>" in text_of(admin, url)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "q=nobody",
        "q=u",  # the users user and user2, say
        "q=script&tag__name__exact=note",
        "replays__gte=3",
        "period=x",
        "period=24h&finished=2",
    ],
)
def test_no_words_for_all_that_match(admin, large, query):
    """Where no selection can say what a list holds, or it holds everything, only what is ticked is offered."""
    response = admin.get(f"{ITEMS}?{query}", follow=True)

    assert response.status_code == 200
    assert "All that match" not in response.content.decode()


def test_choice_is_for_those_who_may(device):
    """Lists offer what the user may do."""
    device.send(make_item())
    text = text_of(operator("view_syncitem", "discard_syncitem"), ITEMS)

    assert ("discard_chosen" in text, "retry_chosen" in text) == (True, False)


def test_links(rf, django_user_model, db):
    """Other pages are given the links that the user may follow, with a way back to them."""
    request = rf.get("/admin/somewhere/?page=2")
    request.user = operator("pause_synctag").get(LIST).wsgi_request.user
    links = operate_links(request, Operation.PAUSE, Operation.CLOSE, tag="note")

    assert [(link.label, link.url) for link in links] == [
        ("Pause", operate_url("pause", tag="note", next="/admin/somewhere/?page=2"))
    ]


def test_pages_cost_the_same(admin, large, django_assert_max_num_queries):
    """Asking, and looking at what was done, costs as many statements for many items as for few."""
    with django_assert_max_num_queries(8):
        text_of(admin, operate_url("retry", tag="script"))
    confirm(admin, operate_url("retry", tag="script"))
    sweep.sweep()
    with django_assert_max_num_queries(8):
        text_of(admin, page_of(last_action()))
    assert last_action().finished_at <= timezone.now()
