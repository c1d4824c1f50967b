"""The register of clients: who they are, what they can do, what they say they still hold."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django_bgsync import database, outboxes
from django_bgsync.exceptions import ClientRevoked
from django_bgsync.identity import client_key
from django_bgsync.models import SyncClient
from django_bgsync.owners import Owner
from django_bgsync.protocol import ClientIn
from django_bgsync.receiving import throttling, visitors
from django_bgsync.rows import ledger
from django_bgsync.signals import client_seen

QUIET = timedelta(seconds=60)
"""A client that says nothing new is written down at most this often: a retry storm must not be a write storm."""
MILLISECOND = timedelta(milliseconds=1)


def note(
    said: ClientIn,
    owner: Owner,
    user_agent: str,
    offset: timedelta | None,
    now: datetime,
    *,
    brought: int = 0,
    sender: str = "",
) -> SyncClient:
    """The client's row, made or brought up to date. `offset` is server minus device; `brought` how many of the items
    that it says are pending come along.

    Raises ClientRevoked, WrongOwner for the items of a visitor that are bound to another user, and Throttled for one
    more new client than the `sender` may be.
    """
    report: dict[str, Any] = {
        "user_agent": user_agent[:255],
        "app_version": said.app_version,
        "worker_version": said.worker_version,
        "capabilities": said.capabilities,
    }
    held = outboxes.read(said.outbox)
    seen = {
        "outbox": said.outbox,
        "pending": None if held.pending is None else max(0, held.pending - brought),
        "parked": held.parked,
        "dropped": sum(held.dropped.values()),
        "clock_offset_ms": None if offset is None else offset // MILLISECOND,
        "last_seen": now,
    }
    client, is_new = _row(said.id, owner, {"first_seen": now, **report, **seen}, sender)
    _admit(client, owner)
    if not is_new and _is_news(client, report, seen, now):
        for name, value in {**report, **seen}.items():
            setattr(client, name, value)
        client.save(update_fields=[*report, *seen])
        client_seen.send_robust(SyncClient, client=client, is_new=False)
    elif is_new:
        client_seen.send_robust(SyncClient, client=client, is_new=True)
    return client


def meet(client_id: UUID, owner: Owner, user_agent: str, now: datetime, *, sender: str = "") -> SyncClient:
    """The row of a client that says nothing of itself but its name; made if it is new. Raises what `note` raises."""
    first = {"user_agent": user_agent[:255], "first_seen": now, "last_seen": now}
    client, is_new = _row(client_id, owner, first, sender)
    _admit(client, owner)
    if not is_new and now - client.last_seen >= QUIET:
        client.last_seen = now
        client.save(update_fields=["last_seen"])
    elif not is_new:
        return client
    client_seen.send_robust(SyncClient, client=client, is_new=is_new)
    return client


def check(client_id: UUID | None, owner: Owner) -> None:
    """Raises what `note` raises, for requests that bring no news of their client."""
    client = (
        client_id
        and SyncClient.objects.using(database.alias()).filter(pk=client_key(owner.reference, client_id)).first()
    )
    if client:
        _admit(client, owner)


def _row(client_id: UUID, owner: Owner, first: dict[str, Any], sender: str) -> tuple[SyncClient, bool]:
    """The client's row, and whether it was made now, with these values."""
    pk = client_key(owner.reference, client_id)
    if client := ledger.client(pk):
        return client, False
    throttling.admit(sender, "clients")
    names = {"client_id": client_id, "owner": owner.reference, "user_id": owner.user_id}
    return SyncClient.objects.using(database.alias()).get_or_create(pk=pk, defaults={**names, **first})


def _admit(client: SyncClient, owner: Owner) -> None:
    if client.revoked_at is not None:
        raise ClientRevoked
    if owner.visitor is not None and owner.user_id is not None:
        check(owner.visitor, Owner(owner.user))  # revoked as a user is revoked as the visitor of before
    visitors.confirm(client, owner)


def _is_news(client: SyncClient, report: dict[str, Any], seen: dict[str, Any], now: datetime) -> bool:
    holds, held = bool(seen["pending"] or seen["parked"]), bool(client.pending or client.parked)
    if now - client.last_seen >= QUIET or holds != held:
        return True
    return any(getattr(client, name) != value for name, value in report.items())
