"""The pages of tags and clients, and of what needs attention: what they show, to whom, and at what cost."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from django_bgsync import histograms
from django_bgsync.admin import exports
from django_bgsync.models import Delivery, SyncClient, SyncItem, SyncTag
from django_bgsync.reports import charts, clients, tags
from django_bgsync.reports.charts import SPANS
from django_bgsync.upkeep import rollups
from tests import past
from tests.deliveries import make_item, row_of, script


@pytest.fixture
def month(db):
    past.make(timezone.now())
    rollups.roll_up()


@pytest.fixture
def admin(django_user_model, db):
    http = Client()
    http.force_login(django_user_model.objects.create_superuser("root"))
    return http


def page(http, url):
    response = http.get(url)
    assert response.status_code == 200, (url, response.status_code)
    return unescape(response.content.decode())


def change(row, query=""):
    return reverse(f"admin:django_bgsync_{row._meta.model_name}_change", args=[row.pk]) + query


def test_tag_over_time(month, subtests):
    """The figures of a tag are those of its items, over a day, a week and a month."""
    assert histograms.percentile({}, 0.5) is None
    for span, window in SPANS.items():
        with subtests.test(span=span):
            compare(tags.look(SyncTag.objects.get(pk="order"), window), window)


def compare(found, window):
    """Count the same row by row."""
    items = SyncItem.objects.filter(tag="order", received_at__gte=found.since, received_at__lt=found.until)
    applied = sorted(
        each.finished_at - each.created_at
        for each in SyncItem.objects.filter(tag="order", state="applied")
        if found.since <= each.received_at < found.until
    )
    assert found.counts["received"] == len(items) > 0
    assert found.counts["applied"] == len(applied)
    assert sum(row.values[0] for row in found.charts[0].rows) == len(applied)
    assert len(found.charts[0].rows) == window.length // window.step
    median = applied[(len(applied) - 1) // 2].total_seconds()  # that half of them stay below
    assert found.sync_lag.p50 == pytest.approx(median, rel=0.5)
    assert found.sync_lag.p50 <= found.sync_lag.p95 <= found.sync_lag.p99


def test_hours_that_nobody_rolled_up(admin, db):
    """Where no sweeper runs, a day is counted at most, and the page says what is missing."""
    past.make(timezone.now())
    found = tags.look(SyncTag.objects.get(pk="order"), SPANS["7d"])

    assert found.uncounted == (found.since, found.until - timedelta(days=1))
    assert "Nothing is counted from" in page(admin, change(SyncTag.objects.get(pk="order"), "?span=7d"))
    rollups.roll_up()
    assert tags.look(SyncTag.objects.get(pk="order"), SPANS["7d"]).uncounted is None


def test_tag_page(admin, month):
    """A tag's page has its codes with filters, its lanes, its switch, and the way to recover what failed."""
    text = page(admin, change(SyncTag.objects.get(pk="order"), "?span=30d"))

    assert "?tag__name__exact=order&code__exact=sold_out" in text
    assert "7 items are held" in text
    for kind in ("pause", "close", "recover", "release"):
        assert f"kind={kind}&tag=order" in text
    assert "The editor's database moves until five." in page(admin, change(SyncTag.objects.get(pk="note")))
    assert "kind=resume" in page(admin, change(SyncTag.objects.get(pk="note")))


def test_client_page(admin, month):
    """A client's page says who it is, what it can and holds, how it sent, and what it was granted."""
    client = SyncClient.objects.get(user__username="ada")
    text = page(admin, change(client))

    for shown in ("periodicSync", "granted", "latest-news", "1.4.0", "Pixel 9", "kind=rename", "kind=revoke"):
        assert shown in text, shown
    assert str(client.client_id) not in text
    states = dict(clients.look(client).states)
    assert states == {
        state: SyncItem.objects.filter(client=client, state=state).count()
        for state in SyncItem.objects.filter(client=client).values_list("state", flat=True)
    }


def test_client_over_time(device):
    """What a client says it holds is kept with each delivery: pending, parked and the oldest, and its clock."""
    now = timezone.now()
    for pending in (5, 3):
        envelope = device.envelope(make_item(), sent_at=(now - timedelta(hours=1)).isoformat())
        oldest = (now - timedelta(hours=3)).isoformat()
        envelope["client"]["outbox"] = {"pending": pending, "parked": 1, "oldest_at": oldest}
        device.post("/bgsync/v1/deliveries/", envelope)
    holdings, clock = clients.look(SyncClient.objects.get()).charts

    assert [row.values for row in holdings.rows] == [(5, 1, 2.0), (3, 1, 2.0)]
    assert clock.rows[0].values[0] == pytest.approx(3600, abs=60)


@pytest.mark.parametrize(
    "outbox",
    [{"pending": "x", "parked": True, "oldest_at": "9999-99-99", "dropped": []}, {"pending": -1}, {"pending": 2**40}],
)
def test_odd_reports(admin, device, outbox):
    """A device may say anything of its outbox: what cannot be meant is not said."""
    envelope = device.envelope(make_item())
    envelope["client"] |= {
        "outbox": outbox,
        "capabilities": {"sync": {"deep": [1]}, "<b>": "</script>", "list": ["a"], "no": None},
    }
    assert device.post("/bgsync/v1/deliveries/", envelope).status_code == 200
    delivery = Delivery.objects.get()

    assert (delivery.pending, delivery.parked, delivery.oldest_at) == (None, None, None)
    page(admin, change(SyncClient.objects.get()))


@pytest.mark.parametrize("model", ["synctag", "syncclient"])
def test_constant_queries(admin, device, model):
    """One item or a hundred, one delivery or many: the pages ask as often."""
    asked = []
    for count in (1, 10, 100):
        device.send(*[script("reject", lane=f"lane {count}") for _ in range(count)])
        for _ in range(min(count, 10)):
            device.send(make_item())
        row = {"synctag": SyncTag.objects.get(pk="script"), "syncclient": SyncClient.objects.get()}[model]
        with CaptureQueriesContext(connection) as captured:
            page(admin, change(row))
        asked.append(len(captured))

    assert asked[0] == asked[1] == asked[2] <= 20


@pytest.mark.parametrize("model", ["synctag", "syncclient"])
def test_permissions(django_user_model, device, model):
    """Pages, and their charts as CSV, are for those who may view the model; operations for those who may do them."""
    device.send(make_item())
    row = {"synctag": SyncTag, "syncclient": SyncClient}[model].objects.get()
    person = django_user_model.objects.create_user("clerk", is_staff=True)
    http = Client()
    assert http.get(change(row)).status_code == 302
    http.force_login(person)
    assert {http.get(change(row, query)).status_code for query in ("", "?csv=outcomes", "?csv=clock")} == {403}
    person.user_permissions.add(Permission.objects.get(codename=f"view_{model}"))
    assert "?kind=" not in page(http, change(row))


def test_attention_page(admin, month):
    """Each cause leads to its items and to what can be done about all of them."""
    text = page(admin, reverse("admin:django_bgsync_attention"))
    links = re.findall(r'href="(/admin/django_bgsync/syncitem/\?tag__name__exact=order&[^"]+)"', text)
    dead = next(link for link in links if "exception__exact=DoesNotExist" in link)

    listed = page(admin, dead)
    assert listed.count('class="action-select"') == SyncItem.objects.filter(code="dead").count() == 5
    assert "only exception DoesNotExist" in listed
    assert "kind=retry&state=parked&tag=order&code=dead&exception=DoesNotExist" in text
    assert admin.get(re.search(r'href="([^"]*kind=retry[^"]*dead[^"]*)"', text)[1]).status_code == 200


def test_cause_without_an_exception(admin, device):
    """What died without an exception (with its process, say) is a cause of its own, with its own rows and remedy."""
    device.send(first := script("fail"), second := script("fail"))
    SyncItem.objects.update(state="rejected", code="dead", next_at=None)
    SyncItem.objects.filter(pk=row_of(first).pk).update(exception="")
    text = page(admin, reverse("admin:django_bgsync_attention"))
    remedies = re.findall(r'href="([^"]*kind=discard[^"]*)"', text)
    lists = re.findall(r'href="([^"]*exception__exact=[^"]*)"', text)

    assert [page(admin, unescape(link)).count('class="action-select"') for link in lists] == [1, 1]
    for link in remedies:
        assert "Discard: <strong>1 item</strong>" in page(admin, unescape(link))
    listed = page(admin, unescape(next(link for link in lists if link.endswith("exception__exact="))))
    assert str(row_of(first).pk) in listed
    assert str(row_of(second).pk) not in listed
    assert "exception=-" in listed


def test_exceptions_are_kept(device):
    """A dead item says which exception made it so; one that is opened again, or rejected by a verdict, does not."""
    device.send(failed := script("fail"), refused := script("reject"))

    assert (row_of(failed).exception, row_of(refused).exception) == ("KeyError", "")


def test_nothing_needs_attention(admin):
    assert "Nothing waits for you." in page(admin, reverse("admin:django_bgsync_attention"))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_formulas(text):
    """A spreadsheet takes no cell of ours for a formula."""
    chart = charts.Chart(name="x", title="", kind="bars", columns=[charts.Column(label=text, colour="good")], rows=[])
    [head] = csv.reader(exports.answer([chart], "x").content.decode().splitlines()[:1])

    assert head[2].startswith("'")
    assert exports.cell("plain") == "plain"
