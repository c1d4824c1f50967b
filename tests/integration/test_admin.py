"""The stock admin: every page answers, read-only, linked to its neighbours, whatever clients have sent."""

from __future__ import annotations

import re
import uuid
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from django_bgsync.models import Delivery, DeliveryAttempt, FeedPull, SyncClient, SyncItem, SyncTag
from tests.deliveries import Device, make_due, make_item, row_of, script

MODELS = ["synctag", "syncclient", "syncitem", "delivery", "deliveryattempt", "feedpull"]
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def admin(django_user_model, db):
    http = Client()
    http.force_login(django_user_model.objects.create_superuser("root"))
    return http


@pytest.fixture
def history(device):
    """Items in every state, with hostile text wherever a client or a handler can put some."""
    device.id = str(uuid.uuid4())
    items = [
        make_item(payload={SCRIPT: [SCRIPT, "ü", None]}, lane=SCRIPT),
        make_item("typed", {"text": SCRIPT * 10}),
        script("reject with a code"),
        script("conflict"),
        script("fail", SCRIPT),
        script("retry later"),
    ]
    envelope = device.envelope(*items, sync_tag=SCRIPT, trigger="sync", context="worker")
    envelope["client"] |= {
        "app_version": SCRIPT,
        "worker_version": SCRIPT,
        "capabilities": {SCRIPT: SCRIPT},
        "outbox": {"pending": [SCRIPT], "parked": {SCRIPT: 1}},
    }
    device.post("/bgsync/v1/deliveries/", envelope, User_Agent=SCRIPT)
    make_due(items[4])
    device.ask(items[4])
    SyncClient.objects.update(label=SCRIPT)
    DeliveryAttempt.objects.update(error=SCRIPT, traceback=SCRIPT)
    pull_feed(SyncClient.objects.get())
    return items


def pull_feed(client):
    now = client.last_seen
    said = {"feed": SCRIPT, "error": SCRIPT, "traceback": SCRIPT, "outcome": "failed", "owner": client.owner}
    FeedPull.objects.create(client=client, started_at=now, ended_at=now, **said)


def changelist(model):
    return reverse(f"admin:django_bgsync_{model}_changelist")


def change(row):
    return reverse(f"admin:django_bgsync_{row._meta.model_name}_change", args=[row.pk])


def page(admin, url):
    response = admin.get(url)
    assert response.status_code == 200, (url, response.status_code)
    return response.content.decode()


def links_in(text):
    """Addresses of our own admin pages; those of rows without the list's filters."""
    found = re.findall(r'href="(/admin/django_bgsync/[^"]+)"', text)
    return {unescape(re.sub(r"(/change/)\?.*", r"\1", href)) for href in found}


def rows():
    return [
        row
        for model in (SyncTag, SyncClient, SyncItem, Delivery, DeliveryAttempt, FeedPull)
        for row in model.objects.all()
    ]


def test_every_page_answers(admin, history):
    """Lists and pages of all rows answer, and what clients sent is text on them, never markup."""
    texts = [page(admin, changelist(model)) for model in MODELS] + [page(admin, change(row)) for row in rows()]
    texts += [page(admin, reverse("admin:app_list", args=["django_bgsync"]))]
    texts += [page(admin, reverse("admin:django_bgsync_attention"))]

    assert len(texts) == len(MODELS) + len(rows()) + 2
    assert not any(SCRIPT in text for text in texts)
    assert any("&lt;script&gt;alert(1)&lt;/script&gt;" in text for text in texts)


def test_every_link_leads_somewhere(admin, history):
    """From the index every page of ours is reached, and no link of ours is dead."""
    waiting, seen = {reverse("admin:app_list", args=["django_bgsync"])}, set()
    while waiting:
        url = waiting.pop()
        seen.add(url)
        links = links_in(page(admin, url))
        # the stock admin's links to sort and filter need not all be followed
        waiting |= {link for link in links if "?" not in link or "__exact" in link} - seen

    assert {change(row) for row in rows()} <= seen


def test_links_between_neighbours(admin, history):
    """An item leads to its tag, client, delivery and attempts, and each of these back to it."""
    item = row_of(history[0])
    of_item = links_in(page(admin, change(item)))
    attempts = f"{changelist('deliveryattempt')}?item__id__exact={item.pk}"
    [attempt] = DeliveryAttempt.objects.filter(item=item)

    assert {change(item.tag), change(item.client), change(item.delivery), attempts} <= of_item
    assert change(attempt) in links_in(page(admin, attempts))
    assert {change(item), change(item.tag), change(item.client), change(item.delivery)} <= links_in(
        page(admin, change(attempt))
    )
    for neighbour, query in [
        (item.tag, f"tag__name__exact={item.tag_id}"),
        (item.client, f"client__id__exact={item.client_id}"),
        (item.delivery, f"delivery__id__exact={item.delivery_id}"),
    ]:
        listed = f"{changelist('syncitem')}?{query}"
        assert listed in links_in(page(admin, change(neighbour)))
        assert change(item) in links_in(page(admin, listed))


def test_filtered_lists_hold_nothing_else(admin, history, other):
    """The list behind a link holds the neighbour's rows and no others."""
    foreign = make_item()
    other.send(foreign)
    listed = page(admin, f"{changelist('syncitem')}?client__id__exact={row_of(history[0]).client_id}")

    assert change(row_of(history[0])) in links_in(listed)
    assert change(row_of(foreign)) not in links_in(listed)


@pytest.mark.parametrize("model", MODELS)
def test_read_only(admin, history, model):
    """Nothing can be added, changed or deleted, not even by a superuser."""
    row = next(row for row in rows() if row._meta.model_name == model)
    before = row.__class__.objects.values().get(pk=row.pk)
    name = f"admin:django_bgsync_{model}"

    assert admin.get(reverse(f"{name}_add")).status_code == 403
    assert admin.post(change(row), {"code": "x", "name": "x"}).status_code == 403
    assert admin.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    admin.post(changelist(model), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
    assert row.__class__.objects.values().get(pk=row.pk) == before
    assert 'name="_save"' not in page(admin, change(row))
    assert 'value="delete_selected"' not in page(admin, changelist(model))


@pytest.mark.parametrize("model", MODELS)
def test_permission_to_view(django_user_model, history, model):
    """Staff with the permission to view sees the pages; staff without does not."""
    clerk = django_user_model.objects.create_user("clerk", is_staff=True)
    http = Client()
    http.force_login(clerk)
    assert http.get(changelist(model)).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename=f"view_{model}"))

    assert http.get(changelist(model)).status_code == 200


def test_search_by_item_id(admin, history):
    """An item is found by its id, as copied from a log or a support request."""
    found = links_in(page(admin, f"{changelist('syncitem')}?q={history[2]['id']}"))

    assert change(row_of(history[2])) in found
    assert change(row_of(history[0])) not in found


@pytest.mark.parametrize(
    "query", ["q=nothing", "q=%00", "q=%3Cscript%3E", "state__exact=applied", "p=99", "o=1.-2", "tag__name__exact=?"]
)
@pytest.mark.parametrize("model", MODELS)
def test_odd_questions(admin, history, model, query):
    """Searches and filters of any text are answered, or led back to the list."""
    assert admin.get(f"{changelist(model)}?{query}").status_code in {200, 302}


def test_client_ids_are_shortened(admin, device, history):
    """A client id is a secret where visitors sync: pages show its end only."""
    client = SyncClient.objects.get()

    assert device.id not in page(admin, changelist("syncclient")) + page(admin, change(client))
    assert f"…{device.id[-8:]}" in page(admin, changelist("syncclient"))


def test_deleted_user(admin, history, device):
    """What a user left behind is still shown when the user is gone."""
    device.user.delete()

    for url in [changelist(model) for model in MODELS] + [change(row) for row in rows()]:
        page(admin, url)


@pytest.mark.parametrize("gone", [SyncClient, Delivery, SyncTag])
def test_missing_neighbours(admin, history, gone):
    """Retention may remove any neighbour: the rows that name it are still shown."""
    kept = [row for row in rows() if not isinstance(row, gone)]
    gone.objects.all().delete()

    for url in [changelist(model) for model in MODELS] + [change(row) for row in kept]:
        page(admin, url)


def test_missing_item(admin, history):
    """Attempts outlive their item: they are still listed and shown."""
    attempt = DeliveryAttempt.objects.first()
    SyncItem.objects.all().delete()

    assert change(attempt) in links_in(page(admin, changelist("deliveryattempt")))
    page(admin, change(attempt))


def test_removed_payload(admin, history):
    """An item whose payload retention has removed is still shown."""
    SyncItem.objects.update(payload=None)

    page(admin, change(row_of(history[0])))


def test_tag_without_handler(admin, history):
    """A tag that lost its handler says so."""
    tag = SyncTag.objects.create(name="former")

    assert "none: its items wait" in page(admin, change(tag)) + page(admin, changelist("synctag"))
    assert "tests.app.bgsync.keep" in page(admin, change(SyncTag.objects.get(name="note")))
    assert "Keeps &lt;b&gt;notes&lt;/b&gt;." in page(admin, change(SyncTag.objects.get(name="note")))


def test_item_without_client(admin, device: Device):
    """An item whose sender named no client is shown."""
    item = make_item()
    device.post("/bgsync/v1/items/", item)

    for url in [changelist(model) for model in MODELS] + [change(row) for row in rows()]:
        page(admin, url)


def test_lists_cost_the_same_however_long(admin, device, django_assert_max_num_queries):
    """A list of fifty rows asks the database as often as one of five."""
    device.send(*[make_item() for _ in range(60)])

    for model in MODELS:
        with django_assert_max_num_queries(12):
            page(admin, changelist(model))
