"""The register of clients: who they are, what they can do, what they say they still hold."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django_bgsync import visitors
from django_bgsync.exceptions import ClientRevoked
from django_bgsync.identity import client_key
from django_bgsync.models import SyncClient
from django_bgsync.owners import Owner
from django_bgsync.protocol import ClientIn
from django_bgsync.signals import client_seen

QUIET = timedelta(seconds=60)
"""A client that says nothing new is written down at most this often: a retry storm must not be a write storm."""
MILLISECOND = timedelta(milliseconds=1)


def note(said: ClientIn, owner: Owner, user_agent: str, offset: timedelta | None, now: datetime) -> SyncClient:
    """The client's row, made or brought up to date. `offset` is server minus device.

    Raises ClientRevoked, and WrongOwner for the items of a visitor that are bound to another user.
    """
    report: dict[str, Any] = {
        "user_agent": user_agent[:255],
        "app_version": said.app_version,
        "worker_version": said.worker_version,
        "capabilities": said.capabilities,
    }
    seen = {"outbox": said.outbox, "clock_offset_ms": offset and offset // MILLISECOND, "last_seen": now}
    client, is_new = SyncClient.objects.get_or_create(
        pk=client_key(owner.reference, said.id),
        defaults={
            "client_id": said.id,
            "owner": owner.reference,
            "user_id": owner.user_id,
            "first_seen": now,
            **report,
            **seen,
        },
    )
    _admit(client, owner)
    if not is_new and _is_news(client, report, said.outbox, now):
        for name, value in {**report, **seen}.items():
            setattr(client, name, value)
        client.save(update_fields=[*report, *seen])
        client_seen.send_robust(SyncClient, client=client, is_new=False)
    elif is_new:
        client_seen.send_robust(SyncClient, client=client, is_new=True)
    return client


def check(client_id: UUID | None, owner: Owner) -> None:
    """Raises what `note` raises, for requests that bring no news of their client."""
    client = client_id and SyncClient.objects.filter(pk=client_key(owner.reference, client_id)).first()
    if client:
        _admit(client, owner)


def _admit(client: SyncClient, owner: Owner) -> None:
    if client.revoked_at is not None:
        raise ClientRevoked
    if owner.visitor is not None and owner.user_id is not None:
        check(owner.visitor, Owner(owner.user))  # revoked as a user is revoked as the visitor of before
    visitors.confirm(client, owner)


def _is_news(client: SyncClient, report: dict[str, Any], outbox: Any, now: datetime) -> bool:
    if now - client.last_seen >= QUIET or _is_holding(client.outbox) != _is_holding(outbox):
        return True
    return any(getattr(client, name) != value for name, value in report.items())


def _is_holding(outbox: Any) -> bool:
    return bool(outbox.get("pending") or outbox.get("parked"))
