"""The overview: every number equals a count made the slow way, leads to what it counts, and costs the same always."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from django_bgsync.enums import Hand
from django_bgsync.models import DeliveryAttempt, Heartbeat, SyncClient, SyncItem
from django_bgsync.reports import attention, charts, overview
from django_bgsync.upkeep import heartbeats
from tests import past
from tests.deliveries import make_item, script

OVERVIEW = reverse("admin:app_list", args=["django_bgsync"])


@pytest.fixture
def month(db):
    past.make(timezone.now())


@pytest.fixture
def admin(django_user_model, db):
    http = Client()
    http.force_login(django_user_model.objects.create_superuser("root"))
    return http


def page(http, url):
    response = http.get(url)
    assert response.status_code == 200, (url, response.status_code)
    return unescape(response.content.decode())


def slow_counts(since, until):
    """The numbers of the overview, counted row by row."""
    items = list(SyncItem.objects.all())
    tries = [each for each in DeliveryAttempt.objects.all() if since <= each.started_at < until]
    ended = Counter("dead" if each.code == "dead" else each.outcome for each in tries)
    refused = [each for each in items if each.attempts == 0 and each.state == "rejected"]
    received = [each for each in items if since <= each.received_at < until]
    return {
        "received": len(received),
        "applied": ended["applied"],
        "rejected": ended["rejected"] + ended["conflict"] + ended["dead"] + len(refused),
        "replays": sum(each.replays for each in received),
    }


def test_numbers_are_counts(month):
    """Received, applied, rejected and repeated, each as the rows say, one by one."""
    found = overview.look()

    slow = slow_counts(found.since, found.until)
    assert {name: getattr(found, name) for name in slow} == slow
    assert all(slow.values())


def test_charts_add_up(month):
    """The charts hold the numbers above them, hour by hour."""
    found = overview.look()
    arrivals, outcomes = found.charts

    assert sum(row.values[0] for row in arrivals.rows) == found.received
    assert sum(row.values[1] for row in arrivals.rows) == found.replays
    assert sum(row.values[0] for row in outcomes.rows) == found.applied
    assert sum(sum(row.values[1:]) for row in outcomes.rows) == found.rejected
    for row in arrivals.rows:
        within = [each for each in SyncItem.objects.all() if row.start <= each.received_at < row.end]
        assert row.values[0] == len(within)


def test_what_waits(month):
    """What is not finished is counted, and the oldest of it named."""
    waiting = [item for item in SyncItem.objects.all() if not item.is_finished]
    found = overview.look().waiting

    assert (found.count, found.is_whole) == (len(waiting), True)
    assert found.oldest_at == min(item.received_at for item in waiting)


def test_bounds_are_said(month, monkeypatch):
    """Where counting ends at a bound, the page says so instead of a wrong number."""
    monkeypatch.setattr(overview, "MOST_WAITING", 3)
    monkeypatch.setattr(attention, "MOST_PARKED", 5)
    found = overview.look()

    assert (found.waiting.is_whole, found.waiting.count) == (False, 4)
    assert (found.attention.is_whole, found.attention.count) == (False, 6)


def test_attention(month):
    """Parked items, grouped by tag, code and exception, with their count, times and those held behind them."""
    parked = [item for item in SyncItem.objects.all() if item.state in ("rejected", "conflict")]
    groups = Counter((item.tag_id, item.code, item.exception) for item in parked)
    found = overview.look().attention

    assert {(each.tag, each.code, each.exception): each.count for each in found.causes} == groups
    assert found.causes[0].is_dead
    for cause in found.causes:
        times = [
            i.finished_at for i in parked if (i.tag_id, i.code, i.exception) == (cause.tag, cause.code, cause.exception)
        ]
        assert (cause.first, cause.last) == (min(times), max(times))
    assert sum(cause.held for cause in found.causes) == SyncItem.objects.filter(state="held").count() == 7


def test_discarded_need_no_attention(device):
    """What an operator has discarded is done with."""
    device.send(script("reject"), script("reject"))
    SyncItem.objects.filter(pk=SyncItem.objects.first().pk).update(code="discarded")

    assert attention.look().count == 1


def test_failing_tags(month):
    """Tags some of whose tries failed, most first, with how many of how many."""
    found = overview.look()
    tries = [each for each in DeliveryAttempt.objects.all() if found.since <= each.started_at < found.until]
    failed = Counter(each.tag_id for each in tries if each.outcome in ("failed", "lost"))

    assert {each.tag: (each.failed, each.tries) for each in found.failing} == {
        tag: (count, sum(each.tag_id == tag for each in tries)) for tag, count in failed.items()
    }
    assert [each.name for each in found.stopped] == ["note"]


def test_devices(month):
    """Silent ones that hold something, those that drop, and wrong clocks, as their rows say."""
    found, now = overview.look(), timezone.now()
    clients = list(SyncClient.objects.all())

    for silent in found.silent:
        quiet = [each for each in clients if each.pending and each.last_seen < now - timedelta(days=silent.days)]
        assert silent.clients.count == len(quiet) > 0
    assert found.dropping.count == sum(each.dropped > 0 for each in clients)
    assert found.dropped == {"quota": sum(each.dropped for each in clients)}
    assert found.skewed.count == sum(abs(each.clock_offset_ms) > 5 * 60 * 1000 for each in clients)
    assert found.storms.count == sum(each.replays >= 10 for each in SyncItem.objects.all())


def test_backlog_is_what_is_left(device):
    """A device that says it holds what it is just sending holds nothing afterwards."""
    device.post("/bgsync/v1/deliveries/", said(device, 1, make_item()))
    assert SyncClient.objects.get().pending == 0

    device.post("/bgsync/v1/deliveries/", said(device, 12, make_item()))
    assert SyncClient.objects.get().pending == 11


def said(device, pending, *items):
    envelope = device.envelope(*items)
    envelope["client"]["outbox"] = {"pending": pending, "parked": 0, "dropped": {"quota": 3, "odd": "x"}}
    return envelope


def test_every_number_leads_to_its_rows(admin, month):
    """Behind each number is a list, and it has as many rows (or a page of them); but how often is not how many."""
    text = page(admin, OVERVIEW)
    numbers = re.findall(r'<dd><a href="(/admin/django_bgsync/[^"]+)">(?:> )?(\d+)</a></dd>', text)

    assert len(numbers) == 5
    for url, number in numbers:
        if "attention" in url:
            continue
        listed = (
            len(re.findall(r'<td class="action-checkbox">', rows)) or len(re.findall(r"<tr><th class=\"field", rows))
            if (rows := page(admin, url))
            else 0
        )
        if "replays" not in url:  # counts how often, not how many
            assert listed == min(int(number), 50), (url, number)


def test_every_link_answers(admin, month):
    """No link of the overview is dead."""
    links = set(re.findall(r'href="(/admin/django_bgsync/[^"]*)"', page(admin, OVERVIEW)))

    assert len(links) > 60
    for link in links:
        assert admin.get(link).status_code == 200, link


@pytest.mark.parametrize("hand", [Hand.SWEEPER])
def test_banner_when_silent(admin, hand):
    """A sweeper that has fallen silent is said on top of everything."""
    heartbeats.beat(hand)
    assert "errornote" not in page(admin, OVERVIEW)
    Heartbeat.objects.filter(pk=hand).update(beat_at=timezone.now() - timedelta(hours=2))
    cache.clear()

    text = page(admin, OVERVIEW)
    assert "errornote" in text
    assert "The sweeper was last seen 2.0 h ago" in text


def test_as_many_queries_however_much_there_is(admin, device):
    """One item, ten or a hundred, of one tag or of many: the overview asks as often."""
    asked = []
    for count in (1, 10, 100):
        device.send(*[script("fail") for _ in range(count)])
        device.send(*[script("reject") for _ in range(count)])
        cache.clear()
        with CaptureQueriesContext(connection) as captured:
            page(admin, OVERVIEW)
        asked.append(len(captured))

    assert asked[0] == asked[1] == asked[2] <= 40


def test_for_whom(django_user_model, month):
    """The overview is for those who may see items; others of the staff are shown what they may see, or nothing."""
    person = django_user_model.objects.create_user("clerk", is_staff=True)
    http = Client()
    assert http.get(OVERVIEW).status_code == 302
    http.force_login(person)
    assert http.get(OVERVIEW).status_code == 404
    person.user_permissions.add(Permission.objects.get(codename="view_synctag"))
    assert "bgsync-overview" not in page(http, OVERVIEW)
    assert http.get(reverse("admin:django_bgsync_attention")).status_code == 403
    assert http.get(reverse("admin:django_bgsync_overview_csv", args=["outcomes"])).status_code == 403
    person.user_permissions.add(Permission.objects.get(codename="view_syncitem"))
    assert "bgsync-overview" in page(http, OVERVIEW)
    assert http.get(reverse("admin:django_bgsync_attention")).status_code == 200


def test_linked_from_the_index(admin):
    """The admin's first page leads to the overview."""
    assert f'href="{OVERVIEW}"' in page(admin, reverse("admin:index"))


def test_csv(admin, month):
    """Each chart is handed out as a table, hour by hour."""
    response = admin.get(reverse("admin:django_bgsync_overview_csv", args=["outcomes"]))
    head, *rows = response.content.decode().splitlines()

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="outcomes.csv"'
    assert head == "from,until,applied,rejected,conflict,dead"
    assert len(rows) == charts.SPANS["24h"].length // timedelta(hours=1)
    assert admin.get(reverse("admin:django_bgsync_overview_csv", args=["nothing"])).status_code == 404
