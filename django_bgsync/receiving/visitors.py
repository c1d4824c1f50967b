"""Visitors: owners without an account, one per client, until somebody signs in.

A visitor's items are bound to the first user whose session brings them. They keep their rows, and from then on only
that user's session may send them or ask for them.
"""

from __future__ import annotations

from uuid import UUID

from django_bgsync import database
from django_bgsync.exceptions import WrongOwner
from django_bgsync.models import SyncClient
from django_bgsync.owners import Owner
from django_bgsync.rows import ledger


def may_be_visitor(client_id: UUID | None) -> bool:
    """Whether a client id can stand for a visitor: it must be random, since whoever knows it is that visitor."""
    return client_id is not None and client_id.version == 4


def sender(session: Owner, claimed: str, client_id: UUID | None) -> Owner:
    """The owner that a client sends for: the session's, or the visitor that this client was before.

    `claimed` is the owner key that it names, "" for none. Raises WrongOwner for anybody else's.
    """
    if claimed in ("", session.key):
        return session
    if may_be_visitor(client_id):
        visitor = Owner(session.user, visitor=client_id)
        if claimed == visitor.key:
            return visitor
    raise WrongOwner(owner=session.key)


def confirm(client: SyncClient, owner: Owner) -> None:
    """Bind the visitor of this client to the session's user, if that is the first one. Raises WrongOwner for others."""
    if owner.visitor is None or client.user_id == owner.user_id:
        return
    if client.user_id is None:
        _bind(client, owner)
    if client.user_id != owner.user_id:
        raise WrongOwner(owner=owner.session_key)


@database.persistent
def _bind(client: SyncClient, owner: Owner) -> None:
    with database.atomic():
        # The comparison is in the statement: of two users who bring the same visitor's items one is the first.
        if SyncClient.objects.filter(pk=client.pk, user=None).update(user=owner.user_id):
            ledger.items().of_owner(owner.reference).filter(user=None).not_applied().update(user=owner.user_id)
    client.refresh_from_db(fields=["user"])
