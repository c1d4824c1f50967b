"""How many items a sender may bring: counted item by item, and never half way without saying so."""

from __future__ import annotations

import logging

import pytest
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured

from django_bgsync.models import DeliveryAttempt, SyncClient, SyncItem
from django_bgsync.receiving import throttling
from tests.deliveries import ITEMS, Device, code_of, effects_of, make_due, make_item, result, script
from tests.orders import effects, order
from tests.pulling import pull

EVERYBODY = {"PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"]}


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Ten seconds into a minute."""
    monkeypatch.setattr(throttling.time, "time", lambda: 1_000_000_030.5)


@pytest.fixture
def five(settings):
    settings.BGSYNC = {"THROTTLE_ITEMS": "5/min"}


def notes(count):
    return [make_item() for _ in range(count)]


def throttled(item):
    return result(item, "deferred", "throttled", retry_after=50)


@pytest.mark.usefixtures("five")
class TestDeliveries:
    def test_as_much_as_allowed(self, device):
        """The limit is what is allowed, in one delivery or in several."""
        assert {verdict["status"] for verdict in device.send(*notes(2)) + device.send(*notes(3))} == {"applied"}

    def test_half_way(self, device):
        """What is too much is deferred, with a time, and leaves no row; what came before it is applied."""
        items = notes(8)
        verdicts = device.send(*items)

        assert [verdict["status"] for verdict in verdicts[:5]] == ["applied"] * 5
        assert verdicts[5:] == [throttled(item) for item in items[5:]]
        assert SyncItem.objects.count() == 5

    def test_nothing_taken(self, device):
        """Where nothing can be taken the whole delivery is a 429 that says how long to wait."""
        device.send(*notes(5))
        response = device.deliver(*notes(2))

        assert code_of(response) == (429, "throttled")
        assert response["Retry-After"] == "50"
        assert SyncItem.objects.count() == 5

    def test_one_item(self, device):
        """A single item that is too much is a 429."""
        device.send(*notes(5))
        response = device.post(ITEMS, make_item())

        assert code_of(response) == (429, "throttled")
        assert response["Retry-After"] == "50"

    def test_replays_are_not_starved(self, device):
        """What the server has it answers, throttled or not, however often it is sent."""
        items = notes(5)
        first = device.send(*items)
        replays = [{**verdict, "replayed": True} for verdict in first]

        assert device.send(*items) == replays
        new = make_item()
        assert device.send(*items, new) == [*replays, throttled(new)]

    def test_due_replays_go_on(self, device):
        """An item that waits at the server is tried again when its client brings it."""
        item = script("retry at once", "apply")
        device.send(item)
        device.send(*notes(4))
        make_due(item)

        assert device.send(item) == [result(item, result="done", replayed=True)]

    def test_news_and_faults(self, device):
        """An empty delivery is never throttled; one in which something else can be said is no 429."""
        items = notes(5)
        device.send(*items)

        assert [news["status"] for news in device.ask(*items)] == ["applied"] * 5
        new = make_item()
        verdicts = device.send({"id": "?"}, new)
        assert [verdict["code"] for verdict in verdicts] == ["invalid_item", "throttled"]

    def test_order_of_a_lane(self, device):
        """A lane is cut where the limit is: nothing overtakes."""
        items = notes(7)
        for before, item in zip([None, *items], items, strict=False):
            item |= {"lane": "a", "after": before and before["id"]}
        verdicts = device.send(*items)

        assert [verdict["code"] for verdict in verdicts] == ["ok"] * 5 + ["throttled"] * 2

    def test_what_was_not_taken_is_not_counted(self, device, monkeypatch):
        """Knocking at the door does not keep it shut."""
        device.send(*notes(4))
        waiting = notes(3)
        assert [verdict["status"] for verdict in device.send(*waiting)] == ["applied", "deferred", "deferred"]
        device.deliver(*waiting[1:])
        monkeypatch.setattr(throttling.time, "time", lambda: 1_000_000_080.0)

        assert [verdict["status"] for verdict in device.send(*waiting[1:])] == ["applied", "applied"]
        assert [effects_of(item) for item in waiting] == [1, 1, 1]

    def test_each_owner(self, user, device, other):
        """A user's devices share a limit; another user has one of their own."""
        device.send(*notes(5))

        assert Device(user).deliver(*notes(1)).status_code == 429
        assert other.deliver(*notes(1)).status_code == 200


@pytest.mark.django_db
def test_visitors_by_address(settings):
    """Visitors share the limit of their address, since a new client id costs nothing."""
    settings.BGSYNC = EVERYBODY | {"THROTTLE_ITEMS": "5/min"}
    near, far = Device(), Device(REMOTE_ADDR="192.0.2.7")
    near.send(*notes(5))

    assert code_of(Device().deliver(*notes(1))) == (429, "throttled")
    assert far.deliver(*notes(1)).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("proxies", [None, 0, 1])
def test_address_that_is_said(settings, proxies):
    """What a request says of its address counts only where the site has said that a proxy says so."""
    settings.BGSYNC = EVERYBODY | {"THROTTLE_ITEMS": "5/min"}
    settings.REST_FRAMEWORK = {"NUM_PROXIES": proxies}
    said = [Device(HTTP_X_FORWARDED_FOR=f"192.0.2.{number}") for number in range(7)]

    statuses = {device.deliver(make_item()).status_code for device in said}
    assert statuses == ({200} if proxies else {200, 429})


@pytest.mark.django_db
@pytest.mark.parametrize("feed", ["numbers", "nonsense"])
def test_new_clients(settings, feed):
    """There are as many new clients of one address as items; those that are known go on."""
    settings.BGSYNC = EVERYBODY | {"THROTTLE_ITEMS": "5/min"}
    known = Device()
    known.send()
    assert [pull(Device(), feed).status_code for _ in range(2)] == [200 if feed == "numbers" else 404] * 2
    statuses = [Device().deliver().status_code for _ in range(7)]

    left = 2 if feed == "numbers" else 4
    assert statuses == [200] * left + [429] * (7 - left)
    assert known.deliver().status_code == 200
    assert SyncClient.objects.count() == 5
    if feed == "numbers":
        assert code_of(pull(Device(), feed)) == (429, "throttled")


@pytest.mark.usefixtures("five")
def test_tries_that_users_ask_for(device, monkeypatch):
    """Each runs a handler, as a new item does: as many are allowed, and what is too much is put off."""
    items = [script("reject", "reject", "apply") for _ in range(3)]
    device.send(*items)
    again = [{**item, "retry": 1} for item in items]
    verdicts = device.send(*again)

    assert [verdict["code"] for verdict in verdicts] == ["rejected", "rejected", "throttled"]
    assert verdicts[2] == throttled(items[2])
    assert DeliveryAttempt.objects.count() == 5
    monkeypatch.setattr(throttling.time, "time", lambda: 1_000_000_080.0)
    assert [verdict["code"] for verdict in device.send(*again[2:])] == ["rejected"]


@pytest.mark.usefixtures("five")
def test_keyed_requests(device):
    """Requests of views under `idempotent` are items too; replays are answered."""
    assert [order(device, key=f"key {number}").status_code for number in range(5)] == [201] * 5
    refused = order(device, key="key 5")

    assert (refused.status_code, refused["Retry-After"], refused.json()["code"]) == (429, "50", "throttled")
    assert order(device, key="key 4").status_code == 201
    assert effects() == 5


def test_no_limit(device, settings):
    """None is no limit."""
    settings.BGSYNC = {"THROTTLE_ITEMS": None}

    assert {verdict["status"] for verdict in device.send(*notes(100))} == {"applied"}


@pytest.mark.django_db(transaction=True)  # on PostgreSQL a missing table would spoil the transaction of a test
@pytest.mark.parametrize("backend", ["dummy.DummyCache", "db.DatabaseCache"])
def test_cache_that_does_not_count(device, settings, backend):
    """A cache that keeps nothing, or whose table is missing, keeps no item from arriving."""
    settings.BGSYNC = {"THROTTLE_ITEMS": "1/min"}
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": "no_such_table"}}

    assert {verdict["status"] for verdict in device.send(*notes(3))} == {"applied"}


def test_cache_that_is_down(device, settings, monkeypatch, caplog):
    """A cache that is down is said, and is no reason to wait."""

    def fail(*args, **kwargs):
        raise ConnectionError("down")

    monkeypatch.setattr(cache, "add", fail)

    assert device.send(item := make_item())[0]["id"] == item["id"]
    assert {(record.name, record.levelno) for record in caplog.records} == {("django_bgsync", logging.WARNING)}


@pytest.mark.parametrize(
    ("rate", "parsed"), [("6000/min", (6000, 60)), ("1/s", (1, 1)), ("10/hour", (10, 3600)), ("0/day", (0, 86400))]
)
def test_rates(rate, parsed):
    """A rate is a number and a unit of time, as in DRF."""
    assert throttling.parse(rate) == parsed


@pytest.mark.parametrize("rate", ["", "6000", "many/min", "5/fortnight", "-1/min", "1.5/s", "5/"])
def test_bad_rates(rate):
    """Anything else is an error that says how to write it."""
    with pytest.raises(ImproperlyConfigured, match="6000/min"):
        throttling.parse(rate)
