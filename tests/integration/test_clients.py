"""The register of clients: what a device says of itself, and what operators decide about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from django_bgsync.models import SyncClient, SyncItem
from tests.deliveries import ITEMS, Device, code_of, make_item, problem_of, read

IPHONE = "Mozilla/5.0 (iPhone)"


def tell(device, **said):
    """Deliver nothing but what the client says of itself."""
    envelope = device.envelope()
    at = said.pop("sent_at", None)
    envelope["client"] |= said
    return device.post("/bgsync/v1/deliveries/", envelope | {"sent_at": at}, User_Agent=IPHONE)


def age(seconds):
    SyncClient.objects.update(last_seen=timezone.now() - timedelta(seconds=seconds))


def test_first_words(device):
    """A client's first delivery makes its row."""
    before = timezone.now()
    capabilities = {"sync": "granted", "periodicSync": "unsupported", "persisted": True}
    outbox = {"pending": 12, "parked": 1, "oldest_at": "2026-11-20T09:00:00Z", "dropped": {"quota": 1}}
    device_now = timezone.now() - timedelta(minutes=5)
    tell(
        device,
        app_version="1.4.0",
        worker_version="9",
        capabilities=capabilities,
        outbox=outbox,
        sent_at=device_now.isoformat(),
    )
    client = SyncClient.objects.get()

    assert (str(client.client_id), client.user, client.owner) == (device.id, device.user, f"u:{device.user.pk}")
    assert (client.app_version, client.worker_version, client.user_agent) == ("1.4.0", "9", IPHONE)
    assert (client.capabilities, client.outbox) == (capabilities, outbox)
    assert before <= client.first_seen == client.last_seen <= timezone.now()
    assert 300_000 <= client.clock_offset_ms <= 310_000
    assert (client.label, client.revoked_at) == ("", None)


def test_silent_client(device):
    """A client that says nothing but its id is known by it."""
    device.post("/bgsync/v1/deliveries/", device.envelope())
    client = SyncClient.objects.get()

    assert (client.app_version, client.user_agent, client.capabilities, client.outbox) == ("", "", {}, {})
    assert client.clock_offset_ms is None


def test_long_user_agent(device):
    """A user agent of any length is cut, not refused."""
    device.post("/bgsync/v1/deliveries/", device.envelope(), User_Agent="x" * 5000)

    assert SyncClient.objects.get().user_agent == "x" * 255


def test_one_row_per_owner_and_client(device, other):
    """The same profile under another owner is another client."""
    other.id = device.id
    tell(device)
    tell(other)

    assert SyncClient.objects.filter(client_id=device.id).count() == 2


def test_nothing_new_is_not_written(device):
    """Within a minute a client that says nothing new costs no write."""
    tell(device, outbox={"pending": 3})
    age(50)
    before = SyncClient.objects.values().get()
    tell(device, outbox={"pending": 2})

    assert SyncClient.objects.values().get() == before


def test_writes_are_throttled(device):
    """A hundred deliveries within a minute write one row."""
    tell(device)
    seen = {SyncClient.objects.get().last_seen}
    for _ in range(100):
        tell(device)
        seen.add(SyncClient.objects.get().last_seen)

    assert len(seen) == 1


def test_seen_again(device):
    """After a minute what the client says is written down, the clock too."""
    tell(device, outbox={"pending": 3})
    age(61)
    before = timezone.now()
    tell(device, outbox={"pending": 2}, sent_at=(timezone.now() + timedelta(hours=1)).isoformat())
    client = SyncClient.objects.get()

    assert client.last_seen >= before
    assert client.outbox == {"pending": 2}
    assert -3_600_000 <= client.clock_offset_ms <= -3_590_000
    assert client.first_seen < before


@pytest.mark.parametrize(
    "news",
    [
        {"app_version": "2"},
        {"worker_version": "2"},
        {"capabilities": {"sync": "denied"}},
        {"outbox": {}},
        {"outbox": {"pending": 0, "parked": 0}},
    ],
)
def test_news_is_written_at_once(device, news):
    """A new version, a new capability, an outbox that has become empty: written within the minute."""
    tell(device, outbox={"pending": 3})
    tell(device, **({"outbox": {"pending": 3}} | news))
    [(name, value)] = news.items()

    assert getattr(SyncClient.objects.get(), name) == value


def test_parked_items_are_news(device):
    """An outbox in which something is parked for the first time is written at once."""
    tell(device)
    tell(device, outbox={"parked": 1})

    assert SyncClient.objects.get().outbox == {"parked": 1}


@pytest.mark.parametrize("sent_at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_absurd_clock(device, sent_at):
    """A device's clock may say anything."""
    assert read(tell(device, sent_at=sent_at))["results"] == []
    offset = SyncClient.objects.get().clock_offset_ms

    assert datetime.now(UTC) - timedelta(milliseconds=offset) == pytest.approx(
        datetime.fromisoformat(sent_at).replace(tzinfo=UTC), abs=timedelta(minutes=1)
    )


def test_revoked(device):
    """A revoked client is a 401 with our challenge; none of its items is stored."""
    tell(device)
    SyncClient.objects.update(revoked_at=timezone.now())
    response = device.deliver(make_item())

    assert response["WWW-Authenticate"] == "BGSync"
    assert problem_of(response) == {
        "title": "This client has been revoked by an operator.",
        "status": 401,
        "code": "client_revoked",
        "detail": "This client has been revoked by an operator.",
    }
    assert not SyncItem.objects.exists()


def test_revoked_on_the_items_endpoint(device):
    """A revoked client that names itself is refused for single items too."""
    tell(device)
    SyncClient.objects.update(revoked_at=timezone.now())

    assert code_of(device.post(ITEMS, make_item(), BGSync_Client=device.id)) == (401, "client_revoked")


def test_others_are_not_revoked(user, device):
    """The user's other devices go on."""
    tell(device)
    SyncClient.objects.update(revoked_at=timezone.now())

    assert read(tell(Device(user)))["results"] == []
    assert read(device.http.get("/bgsync/v1/session/"))["authenticated"] is True


def test_clock_that_is_right(device, monkeypatch):
    """An offset of nothing is a number, too."""
    now = timezone.now().replace(microsecond=0)
    monkeypatch.setattr(timezone, "now", lambda: now)
    read(device.deliver(make_item(), sent_at=now.isoformat()))

    assert SyncClient.objects.get().clock_offset_ms == 0
