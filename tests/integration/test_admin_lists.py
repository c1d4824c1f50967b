"""The admin's lists: paged by key, filtered and searched by what an index holds, without a count."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from django_bgsync.models import Delivery, DeliveryAttempt, SyncClient, SyncItem
from django_bgsync.owners import Owner
from django_bgsync.reports import users
from tests.deliveries import Device, make_item, row_of, script

MODELS = ["synctag", "syncclient", "syncitem", "delivery", "deliveryattempt", "feedpull"]


@pytest.fixture
def admin(django_user_model, db):
    http = Client()
    http.force_login(django_user_model.objects.create_superuser("root"))
    return http


def address(model, query=""):
    return reverse(f"admin:django_bgsync_{model}_changelist") + query


def page(admin, url):
    response = admin.get(url)
    assert response.status_code == 200, (url, response.status_code)
    return response.content.decode()


def listed(text, model):
    """The keys of the rows on a page of a list, in their order."""
    found = re.findall(rf'<th class="field-[^"]+"><a href="/admin/django_bgsync/{model}/([^/"]+)/change/', text)
    return [unescape(key) for key in found]


def turn(text, rel):
    """The address that a page names as the next or previous one; "" for none."""
    found = re.search(rf'<a href="(\?[^"]+)" rel="{rel}">', text)
    return unescape(found[1]) if found else ""


def walk(admin, model, query="", rel="next"):
    """The keys of all rows, page by page."""
    pages = []
    while True:
        text = page(admin, address(model, query))
        pages.append(listed(text, model))
        if not (query := turn(text, rel)):
            return pages


@pytest.fixture
def many(device):
    """More than two pages of items, many of them of one moment."""
    for _ in range(2):
        device.send(*[make_item() for _ in range(60)])
    return [str(pk) for pk in SyncItem.objects.order_by("-received_at", "-pk").values_list("pk", flat=True)]


@pytest.mark.parametrize("model", ["syncitem", "deliveryattempt"])
def test_walk_from_first_to_last(admin, many, model):
    """Page by page every row comes once, in the order of the list, also where many have the same time."""
    pages = walk(admin, model)
    rows = {"syncitem": SyncItem, "deliveryattempt": DeliveryAttempt}[model].objects
    order = {"syncitem": ("-received_at", "-pk"), "deliveryattempt": ("-pk",)}[model]

    assert [len(keys) for keys in pages] == [50, 50, 20]
    assert [key for keys in pages for key in keys] == [str(row.pk) for row in rows.order_by(*order)]


def test_walk_back_from_the_last(admin, many):
    """The last page is a link, and from it the list is read backwards, row by row the same."""
    last = page(admin, address("syncitem", "?p=last"))
    back = walk(admin, "syncitem", "?p=last", rel="prev")

    assert not turn(last, "next")
    assert [key for keys in reversed(back) for key in keys] == many


def test_pages_keep_filters(admin, many, device):
    """The next page of a filtered list is filtered."""
    device.send(*[make_item("typed", {"text": "x"}) for _ in range(60)])
    pages = walk(admin, "syncitem", "?tag__name__exact=typed")

    assert [len(keys) for keys in pages] == [50, 10]


def test_new_rows_move_nothing(admin, many, device):
    """What arrives while somebody turns pages is on none of them, and no row comes twice."""
    first = page(admin, address("syncitem"))
    device.send(make_item())
    second = page(admin, address("syncitem", turn(first, "next")))

    assert listed(first, "syncitem") + listed(second, "syncitem") == many[:100]


@pytest.mark.parametrize(
    "cursor", ["1", "2", "x", "%00", "WyI-Il0", "bnVsbA", "WyI-IiwgInllc3RlcmRheSIsICJ4Il0", "W1tbXV1d"]
)
@pytest.mark.parametrize("model", MODELS)
def test_unknown_cursors(admin, many, model, cursor):
    """A cursor that is not of this list leads back to its first page."""
    response = admin.get(address(model, f"?p={cursor}"))

    assert (response.status_code, response.headers.get("Location")) == (302, f"{address(model)}?e=1")


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_counted(admin, many, model):
    """No list asks for the number of its rows, also where one is filtered or searched."""
    for query in ("", "?p=last", "?q=nothing", "?_facets=True", "?all="):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            admin.get(address(model, query))
        assert not [query["sql"] for query in asked if "COUNT(" in query["sql"]]


@pytest.mark.parametrize("model", MODELS)
def test_as_many_queries_for_one_row_as_for_many(admin, device, model):
    """A list of a hundred rows asks the database as often as one of one."""
    asked = []
    for count in (1, 10, 100):
        device.send(*[make_item() for _ in range(count)])
        with CaptureQueriesContext(connection) as captured:
            page(admin, address(model))
        asked.append(len(captured))

    assert asked[0] == asked[1] == asked[2] <= 8


@pytest.fixture
def found(admin):
    def search(text, model="syncitem"):
        return listed(page(admin, address(model, f"?q={text}")), model)

    return search


def test_search_by_id(found, device, many):
    """An item is found by its id with or without dashes, its beginning, or both ends as pages show them."""
    item = row_of(make_and_send(device))
    text = str(item.item_id)

    for typed in (text, text.upper(), text.replace("-", ""), f" {text} ", f"{text[:8]}…{text[-8:]}", text[:23]):
        assert found(typed) == [str(item.pk)], typed
    assert found(text[:8] + "…00000000") == []


def make_and_send(device, **members):
    item = make_item(**members)
    device.send(item)
    return item


def test_search_by_client(found, device, other, many):
    """The items of a client are found by its id, or by the end of it that pages show."""
    item = make_and_send(other)

    assert found(other.id) == found(f"…{other.id[-8:]}") == [str(row_of(item).pk)]
    assert found(other.id, "deliveryattempt") == [str(DeliveryAttempt.objects.get(item__item_id=item["id"]).pk)]
    assert found(other.id, "delivery") == [str(Delivery.objects.get(client__client_id=other.id).pk)]
    assert found(other.id, "syncclient") == [str(SyncClient.objects.get(client_id=other.id).pk)]


def test_search_by_user(found, other, many):
    """The items of a user are found by the name, or its beginning; a whole name goes before beginnings."""
    item = row_of(make_and_send(other))

    assert found("bob") == found("bo") == [str(item.pk)]
    assert found("bob", "syncclient") == [str(item.client_id)]
    assert found("nobody") == []


def test_search_by_user_with_many_clients(admin, device, user):
    """However many clients a user has, all of them are found."""
    device.send()
    first = SyncClient.objects.get()
    SyncClient.objects.bulk_create(
        SyncClient(
            pk=uuid4(),
            client_id=uuid4(),
            owner=first.owner,
            user=user,
            first_seen=first.first_seen,
            last_seen=first.last_seen,
        )
        for _ in range(120)
    )

    assert sum(map(len, walk(admin, "syncclient", f"?q={user.get_username()}"))) == 121


def test_search_by_user_who_was_a_visitor(found, visitor, user, settings):
    """What somebody did before they signed in is theirs, and found with the rest."""
    settings.BGSYNC = {"PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"]}
    item = row_of(make_and_send(visitor))
    name, key = user.get_username(), Owner(None, visitor=UUID(visitor.id)).key
    assert found(name) == []
    visitor.http.force_login(user)
    visitor.send(owner=key)

    assert found(name) == found(f"u:{user.pk}") == [str(item.pk)]
    assert found(name, "syncclient") == [str(item.client_id)]
    assert found("u:x") == found("u:") == found("u:x", "syncclient") == []


@pytest.mark.parametrize("name", ["20231234", "deadbeef", "script", "…", "u:1"])
def test_search_by_any_name(admin, found, device, name):
    """Also by a name that could be the beginning of an id, or is that of a tag: by the link on the item's page."""
    device.send(make_item("script"))
    stranger = Device(get_user_model().objects.create_user(name, password="x"))
    item = row_of(make_and_send(stranger))
    text = page(admin, reverse("admin:django_bgsync_syncitem_change", args=[item.pk]))
    link = re.search(r'href="[^"]*/syncitem/\?q=([^"&]+)"', text)

    assert found(link[1]) == [str(item.pk)]
    if name.isalnum() and name != "script":
        assert found(name) == found(name[:8]) == [str(item.pk)]
        assert found(name, "syncclient") == [str(item.client_id)]
        assert len(found(name, "deliveryattempt")) == len(found(name, "delivery")) == 1


@pytest.mark.parametrize("model", ["syncitem", "deliveryattempt", "delivery", "syncclient"])
@pytest.mark.parametrize("length", [33, 34, 36, 37])
def test_search_by_too_long_an_id(found, device, model, length):
    """An id with something too much finds nothing."""
    device.send(make_item())

    assert found("a" * length, model) == []


def test_search_by_code(found, device, many):
    """Parked items, and attempts that failed, are found by their code, a handler's own too."""
    refused, failed = script("reject with a code"), script("fail")
    device.send(refused, failed)
    code = row_of(refused).code

    assert found(code) == [str(row_of(refused).pk)]
    assert len(found(code, "deliveryattempt")) == 1
    assert len(found("retrying", "deliveryattempt")) == 1


def test_search_by_tag(found, device, many):
    """The name of a tag finds its items."""
    device.send(item := make_item("typed", {"text": "x"}))

    assert found("typed") == [str(row_of(item).pk)]


@pytest.fixture
def states(device):
    items = {
        "applied": make_item(),
        "waiting": script("fail"),
        "rejected": script("reject"),
        "conflict": script("conflict"),
        "held": make_item(lane="a"),
    }
    device.send(*[item for state, item in items.items() if state != "held"])
    return items


@pytest.mark.parametrize(
    ("query", "states_shown"),
    [
        ("state__exact=applied", {"applied"}),
        ("state__exact=waiting", {"waiting"}),
        ("state__exact=rejected", {"rejected"}),
        ("state__exact=unfinished", {"waiting"}),
        ("code__exact=conflict", {"conflict"}),
        ("code__exact=ok", {"applied"}),
        ("code__exact=retrying", {"waiting"}),
        ("period=1h", {"applied", "waiting", "rejected", "conflict"}),
        ("period=2020-01-01T00:00Z/2020-01-02T00:00Z", set()),
        ("finished=24h", {"applied", "rejected", "conflict"}),
    ],
)
def test_filters(admin, states, query, states_shown):
    """A filter shows what it names, and nothing else."""
    keys = listed(page(admin, address("syncitem", f"?{query}")), "syncitem")

    assert {SyncItem.objects.get(pk=key).state for key in keys} == states_shown


@pytest.mark.parametrize(
    "query",
    ["state__exact=odd", "period=odd", "period=x/y", "period=//", "period=0001-01-01/9999-12-31", "finished=a/b/c"],
)
def test_odd_filters(admin, states, query):
    """A filter's value that does not exist leads back to the whole list."""
    assert admin.get(address("syncitem", f"?{query}")).status_code == 302


def test_period_of_attempts(admin, device, states):
    """Attempts are filtered by the time in their keys."""
    now = timezone.now()
    soon, later = (now + timedelta(hours=hours) for hours in (1, 2))
    past = now - timedelta(hours=1)

    def count(start, end):
        query = f"?period={start:%Y-%m-%dT%H:%M:%SZ}/{end:%Y-%m-%dT%H:%M:%SZ}"
        return len(listed(page(admin, address("deliveryattempt", query)), "deliveryattempt"))

    assert (count(past, soon), count(soon, later)) == (4, 0)


def test_own_links_can_be_left(admin, device, states):
    """A list that a link has narrowed says so, and how to see all."""
    client = SyncClient.objects.get()
    text = page(admin, address("syncitem", f"?client__id__exact={client.pk}&state__exact=applied"))

    assert f"only client …{str(client.pk)[-8:]}" in text
    assert 'href="?state__exact=applied">show all' in text


def test_revoked_clients(admin, device, other):
    """Clients that were revoked are marked in the list, and can be listed alone."""
    device.send(make_item())
    other.send(make_item())
    revoked = SyncClient.objects.get(user__username="bob")
    SyncClient.objects.filter(pk=revoked.pk).update(revoked_at=timezone.now())

    assert page(admin, address("syncclient")).count("bgsync-rejected") == 1
    assert listed(page(admin, address("syncclient", "?trouble=revoked")), "syncclient") == [str(revoked.pk)]


def test_attempts_are_called_by_their_items(admin, device):
    """The page of an attempt names the item as its device and its user do."""
    device.send(item := make_item())
    attempt = DeliveryAttempt.objects.get()
    url = reverse("admin:django_bgsync_deliveryattempt_change", args=[attempt.pk])

    assert f"{item['id']} #1" in page(admin, url)


HIDDEN = """
syncitem: payload__startswith result__contains problem__regex fingerprint owner__startswith
syncitem: user__password__startswith tag__reason__startswith
syncclient: client_id__startswith owner__gte outbox__icontains first_seen__gt
delivery: owner__startswith
deliveryattempt: traceback__contains
feedpull: owner
operatoraction: reason__startswith
synctag: reason__regex
"""


@pytest.mark.parametrize(
    ("model", "question"),
    [(line.split(": ")[0], name) for line in HIDDEN.split("\n")[1:-1] for name in line.split(": ")[1].split()],
)
def test_no_questions_but_those_of_filters(admin, device, model, question):
    """A list answers nothing about columns that it does not show: letter by letter somebody would read a payload."""
    device.send(make_item())
    response = admin.get(address(model, f"?{question}=x"))

    assert (response.status_code, response.headers["Location"]) == (302, address(model, "?e=1"))


@pytest.mark.parametrize(
    "query", ["?feed=news", "?outcome__exact=complete", "?trigger__exact=load", "?period=24h", "?client__id__exact="]
)
def test_questions_of_filters(admin, query):
    """Those of the filters are answered."""
    page(admin, address("feedpull", query + (str(uuid4()) if query.endswith("=") else "")))


def test_visitor_who_has_become_a_user(admin, visitor, user, settings):
    """Links name the user, not the visitor of before, whose id is a secret."""
    settings.BGSYNC = {"PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"]}
    visitor.send(item := make_item())
    SyncClient.objects.update(user=user)
    SyncItem.objects.update(user=user)
    client = reverse("admin:django_bgsync_syncclient_change", args=[SyncClient.objects.get().pk])
    for url in (client, reverse("admin:django_bgsync_syncitem_change", args=[row_of(item).pk])):
        text = page(admin, url)
        assert visitor.id not in text
        assert f"?q=u%3A{user.pk}" in text


def test_users_in_another_database(admin, device, monkeypatch):
    """Where a router keeps them apart no statement joins users and items: there would be no such table."""
    device.send(item := make_item())
    SyncClient.objects.update(pending=3, last_seen=timezone.now() - timedelta(days=8))
    monkeypatch.setattr(users, "database", SimpleNamespace(alias=lambda: "elsewhere"))
    urls = [
        address("syncitem"),
        address("syncclient"),
        reverse("admin:app_list", args=["django_bgsync"]),
        reverse("admin:django_bgsync_syncitem_change", args=[row_of(item).pk]),
        reverse("admin:django_bgsync_syncclient_change", args=[SyncClient.objects.get().pk]),
    ]
    for url in urls:
        with CaptureQueriesContext(connection) as queries:
            assert device.user.get_username() in page(admin, url)
        about_users = [query["sql"] for query in queries if "auth_user" in query["sql"]]
        assert about_users
        assert not any("django_bgsync" in sql for sql in about_users)
