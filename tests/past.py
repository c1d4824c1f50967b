"""A past for the admin to tell: a month of a small site, made up row by row. Run with the site's settings.

python -m tests.past
"""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import django

TRACEBACK = """Traceback (most recent call last):
  File "/srv/shop/orders/bgsync.py", line 31, in order
    seat = Seat.objects.get(number=item.data["seat"])
  File "/srv/venv/lib/python3.13/site-packages/django/db/models/query.py", line 635, in get
    raise self.model.DoesNotExist(
orders.models.Seat.DoesNotExist: Seat matching query does not exist.
"""
AGENTS = (
    "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 Chrome/142.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 Version/19.1 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
)
CAPABILITIES = (
    {"worker": "ours", "sync": "granted", "periodicSync": "granted", "persisted": True, "locks": True},
    {"worker": "ours", "sync": "unsupported", "periodicSync": "unsupported", "persisted": False, "locks": True},
    {"worker": "ours", "sync": "unsupported", "periodicSync": "unsupported", "persisted": True, "locks": True},
)
TAGS = ("post", "order", "note", "http:api:report")


class Past:
    """Makes rows as they would have become; the same ones each time."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.dice = random.Random(6)  # noqa: S311 - made-up data
        self.items: list[Any] = []
        self.attempts: list[Any] = []
        self.deliveries: list[Any] = []
        self.copies: list[Any] = []

    def uuid(self, at: datetime, version: int = 7) -> UUID:
        from django_bgsync.identity import first_key

        return UUID(int=first_key(at, version).int | self.dice.getrandbits(62))

    def user(self, name: str) -> Any:
        from django.contrib.auth import get_user_model

        return get_user_model().objects.get_or_create(username=name)[0]

    def client(self, user: Any, number: int, **members: Any) -> Any:
        from django_bgsync.identity import client_key
        from django_bgsync.models import SyncClient

        client_id = UUID(int=self.dice.getrandbits(128), version=4)
        return SyncClient.objects.create(
            **{
                "id": client_key(f"u:{user.pk}", client_id),
                "client_id": client_id,
                "owner": f"u:{user.pk}",
                "user": user,
                "user_agent": AGENTS[number % 3],
                "app_version": f"1.{4 - number % 3}.0",
                "worker_version": "8f3a2c",
                "capabilities": CAPABILITIES[number % 3],
                "outbox": {"pending": 0, "parked": 0, "dropped": {}},
                "pending": 0,
                "parked": 0,
                "clock_offset_ms": self.dice.randint(-900, 1500),
                "first_seen": self.now - timedelta(days=60),
                "last_seen": self.now - timedelta(minutes=number * 7),
            }
            | members
        )

    def delivery(self, client: Any, at: datetime, items: int = 1, **members: Any) -> Any:
        from django_bgsync.models import Delivery

        trigger = self.dice.choice(("enqueue", "enqueue", "sync", "online", "load", "visible"))
        self.deliveries.append(
            row := Delivery(
                **{
                    "id": self.uuid(at),
                    "owner": client.owner,
                    "client": client,
                    "trigger": trigger,
                    "sync_tag": "bgsync:post" if trigger == "sync" else "",
                    "context": "worker" if trigger == "sync" else "page",
                    "items": items,
                    "pending": items,
                    "parked": 0,
                    "oldest_at": at - timedelta(minutes=5),
                    "sent_at": at - timedelta(milliseconds=self.dice.randint(80, 900)),
                    "received_at": at,
                }
                | members
            )
        )
        return row

    def item(self, client: Any, tag: str, at: datetime, end: str = "applied", **members: Any) -> Any:
        """An item received then, that ended so: applied, rejected, conflict, dead, waiting or held."""
        from django_bgsync.identity import item_key
        from django_bgsync.models import SyncItem

        offline = timedelta(seconds=self.dice.choice((2, 3, 5, 8, 20, 60, 600, 7200, 90000)))
        delivery = members.pop("delivery", None) or self.delivery(client, at)
        item_id = self.uuid(at - offline)
        state = {"dead": "rejected"}.get(end, end)
        done = end in ("applied", "rejected", "conflict", "dead")
        payload = json.dumps(members.pop("payload", {"text": "Two seats in row F, please.", "seats": 2, "show": 118}))
        self.items.append(
            row := SyncItem(
                **{
                    "id": item_key(client.owner, item_id),
                    "item_id": item_id,
                    "owner": client.owner,
                    "user": client.user,
                    "client": client,
                    "tag_id": tag,
                    "delivery": delivery,
                    "fingerprint": "1:" + "0" * 64,
                    "payload": payload,
                    "size": len(payload),
                    "created_at": at - offline,
                    "received_at": at,
                    "state": state,
                    "code": {"applied": "ok", "rejected": "sold_out", "waiting": "retrying", "held": ""}.get(end, end),
                    "result": '{"id": 4711}' if end == "applied" else None,
                    "problem": None
                    if end in ("applied", "held", "waiting")
                    else '{"detail": "These seats are taken."}',
                    "finished_at": at + timedelta(milliseconds=40) if done else None,
                    "next_at": None if done else self.now + timedelta(minutes=20),
                }
                | members
            )
        )
        self.tries(row, end, delivery)
        return row

    def tries(self, item: Any, end: str, delivery: Any) -> None:
        outcomes = {"dead": ["failed"] * 4, "waiting": ["failed", "lost", "failed"], "held": []}.get(end, [end])
        wait = timedelta(0)
        for number, outcome in enumerate(outcomes, 1):
            self.attempt(item, number, outcome, item.received_at + wait, delivery if number == 1 else None)
            wait = timedelta(seconds=5 * 5**number)
        item.attempts = len(outcomes)
        item.failures = sum(outcome in ("failed", "lost") for outcome in outcomes)
        if end == "dead":
            item.exception = "DoesNotExist"
            item.finished_at = item.received_at + wait
            self.attempts[-1].code = "dead"

    def attempt(self, item: Any, number: int, outcome: str, at: datetime, delivery: Any) -> None:
        from django_bgsync.models import DeliveryAttempt

        failed = outcome == "failed"
        self.attempts.append(
            DeliveryAttempt(
                id=self.uuid(at),
                item=item,
                tag_id=item.tag_id,
                client=item.client,
                delivery=delivery,
                number=number,
                hand="receipt" if delivery else "worker",
                trigger=delivery.trigger if delivery else "",
                outcome=outcome,
                code="retrying" if outcome in ("failed", "lost") else item.code,
                started_at=at,
                duration_ms=None if outcome == "lost" else int(self.dice.lognormvariate(2.6, 0.8)),
                worker="" if outcome == "lost" else "web-2:118",
                error="DoesNotExist: Seat matching query does not exist." if failed else "",
                traceback=TRACEBACK if failed else "",
            )
        )

    def save(self) -> None:
        from django_bgsync.models import Delivery, DeliveryAttempt, SyncItem

        for model, rows in ((Delivery, self.deliveries), (SyncItem, self.items), (DeliveryAttempt, self.attempts)):
            model.objects.bulk_create(rows, batch_size=200)


def make(now: datetime) -> None:
    """A month: much that is applied, little that is not, and the three complaints of the tests."""
    from django_bgsync.models import SyncTag

    past = Past(now)
    for tag in TAGS:
        SyncTag.objects.get_or_create(name=tag)
    SyncTag.objects.filter(name="note").update(state="paused", reason="The editor's database moves until five.")
    clients = [past.client(past.user(name), number) for number, name in enumerate(("ada", "grace", "linus", "mei"))]
    for hour in range(1, 24 * 30, 2):
        busy = 1 + int(3 * past.dice.random()) + (4 if 7 <= (now - timedelta(hours=hour)).hour <= 18 else 0)
        for _ in range(busy if hour < 48 else 1):
            at = now - timedelta(hours=hour, minutes=-past.dice.randint(1, 58))
            end = past.dice.choices(("applied", "rejected", "conflict"), (92, 6, 2))[0]
            past.item(past.dice.choice(clients), past.dice.choice(TAGS), at, end)
    troubles(past, clients)
    complaints(past)
    past.save()
    signs(past)


def troubles(past: Past, clients: list[Any]) -> None:
    """What an operator has to see: dead items that hold others, tries that fail, devices that are silent."""
    from django_bgsync.models import FeedPull

    at = past.now - timedelta(hours=3)
    for number in range(3):
        first = past.item(clients[0], "order", at, "dead", lane=f"order {number}", seq=1)
        for seq in (2, 3):
            past.item(
                clients[0],
                "order",
                at + timedelta(minutes=seq),
                "held",
                lane=f"order {number}",
                seq=seq,
                after=first.item_id,
            )
    past.item(clients[1], "post", past.now - timedelta(minutes=40), "waiting")
    past.item(
        clients[2], "http:api:report", past.now - timedelta(hours=5), "applied", replays=14, last_replay_at=past.now
    )
    outbox = {
        "pending": 12,
        "parked": 1,
        "oldest_at": (past.now - timedelta(days=9)).isoformat(),
        "dropped": {"quota": 2},
    }
    held = {"outbox": outbox, "pending": 11, "parked": 1, "dropped": 2}
    past.client(past.user("sam"), 1, last_seen=past.now - timedelta(days=8), **held)
    past.client(past.user("ida"), 2, last_seen=past.now - timedelta(days=4), **held)
    past.client(past.user("uma"), 0, last_seen=past.now - timedelta(days=20))  # holds nothing: nobody misses it
    past.client(past.user("kim"), 0, clock_offset_ms=-3_900_000, label="Kim's tablet at the till")
    for day in range(6):
        started = past.now - timedelta(hours=13 * day + 2)
        FeedPull.objects.create(
            feed="latest-news",
            owner=clients[0].owner,
            client=clients[0],
            trigger="periodicsync",
            items=5,
            bytes=900,
            wanted_seconds=43200,
            granted_seconds=46800 if day < 5 else None,
            outcome="complete",
            started_at=started,
            ended_at=started,
        )


def complaints(past: Past) -> None:
    """ "My order of Tuesday is missing", "it says sent but I do not see it", "it was there twice"."""
    from django_bgsync.models import ConflictingCopy

    tuesday = past.now - timedelta(days=2)
    nora = past.client(past.user("nora"), 0)
    past.item(nora, "order", tuesday, "dead", payload={"seats": 2, "show": "Tuesday"})
    omar = past.client(past.user("omar"), 1)
    before = past.item(omar, "order", past.now - timedelta(hours=6), "dead", lane="orders", seq=1)
    past.item(omar, "order", past.now - timedelta(hours=5), "held", lane="orders", seq=2, after=before.item_id)
    pia = past.client(past.user("pia"), 2)
    twice = past.item(pia, "post", past.now - timedelta(hours=7), payload={"text": "Lost: a red scarf"})
    twice.replays, twice.last_replay_at = 3, past.now - timedelta(hours=6)
    past.copies = [
        ConflictingCopy(
            item_id=twice.pk,
            fingerprint="1:1",
            payload='{"text": "Lost: a red scarf, row F"}',
            received_at=past.now - timedelta(hours=6),
        )
    ]


def signs(past: Past) -> None:
    from django_bgsync.models import ConflictingCopy
    from django_bgsync.upkeep import heartbeats

    ConflictingCopy.objects.bulk_create(past.copies)
    for hand in ("sweeper", "worker"):
        heartbeats.beat(hand)


if __name__ == "__main__":
    django.setup()
    from django.utils import timezone

    from django_bgsync.upkeep import rollups

    make(timezone.now())
    rollups.roll_up()
