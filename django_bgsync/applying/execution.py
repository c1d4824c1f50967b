"""Calling handlers: building the items they are given, and turning what they do into verdicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _

from django_bgsync import database, drf, files
from django_bgsync.applying.verdicts import Verdict, applied, judge
from django_bgsync.canonical import read_canonical
from django_bgsync.exceptions import BadResult, Decision
from django_bgsync.handlers import Handler, Item
from django_bgsync.milestones import Milestone, reach
from django_bgsync.models import Delivery, SyncClient, SyncItem


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What the handlers of one transaction find: users, clients and files, looked up once for all of its rows."""

    users: Mapping[Any, Any]
    """Only those that are active. One object for all items of a user, so that each sees what was done before it."""
    clients: Mapping[UUID, UUID]
    files: Mapping[UUID, Mapping[str, UploadedFile[Any]]]
    parts: database.Parts
    """One for each call of a handler."""

    @classmethod
    def of(
        cls, rows: Iterable[SyncItem], parts: database.Parts, *, user: Any = None, delivery: Delivery | None = None
    ) -> Surroundings:
        """`user` and the client of `delivery` are at hand already; what else the rows name is looked up."""
        rows = list(rows)
        # A copy: if the transaction goes, what was done to it goes with it. (And the session's is wrapped.)
        users = {user.pk: copy(user)} if user is not None and user.is_active else {}
        client = delivery.client if delivery else None
        clients = {client.pk: client.client_id} if client else {}
        if others := {row.user_id for row in rows if row.user_id is not None} - users.keys():
            found = get_user_model()._default_manager.in_bulk(others)
            users |= {pk: each for pk, each in found.items() if each.is_active}
        if strangers := {row.client_id for row in rows if row.client_id is not None} - clients.keys():
            clients |= dict(
                SyncClient.objects.using(database.alias()).filter(pk__in=strangers).values_list("pk", "client_id")
            )
        return cls(users=users, clients=clients, files=files.of_items(rows), parts=parts)

    @contextmanager
    def part(self, rows: Iterable[SyncItem]) -> Iterator[None]:
        """The part of the transaction for one call of a handler. If it goes, so does what was done to the users."""
        users = [self.users[pk] for pk in {row.user_id for row in rows} if pk in self.users]
        before = [dict(user.__dict__) for user in users]
        try:
            with self.parts.part():
                yield
        except Exception:
            for user, attributes in zip(users, before, strict=True):
                user.__dict__ = attributes
                if state := attributes.get("_state"):
                    state.fields_cache.clear()
            raise

    def close(self, rows: Iterable[SyncItem]) -> None:
        """Close the files that handlers have read; the next try opens them again."""
        for row in rows if self.files else ():
            for file in self.files.get(row.id, {}).values():
                file.close()


def run(handler: Handler, rows: Sequence[SyncItem], around: Surroundings, is_over: Callable[[], bool]) -> list[Verdict]:
    """The verdict on each row, or on the first of them when the time `is_over` and each is tried alone. Whatever a
    handler raises becomes one, and nothing that it wrote stays.

    Only the conflicts of the database itself come through (`database.is_transient`): they are nobody's fault, and the
    transaction they hit has to be done again as a whole.
    """
    if not handler.many:
        return [_run_alone(handler, row, around, handler.function) for row in rows]
    try:
        return _run_together(handler, rows, around)
    except Exception as error:
        if database.is_transient(error):
            raise
    finally:
        around.close(rows)
    # One of them spoils it for all; which one, a try of each alone will tell.
    verdicts: list[Verdict] = []
    for row in rows:
        verdicts.append(_run_alone(handler, row, around, lambda item: _only(handler.function([item]))))
        if is_over():
            break
    return verdicts


def refusal(handler: Handler, row: SyncItem, around: Surroundings) -> Verdict | None:
    """What the handler's serializer or form has against an item that is not run yet. None also for what only a run
    can tell, and will.
    """
    if not handler.validates:
        return None
    try:
        _build(handler, row, around)
    except drf.VALIDATION_ERRORS as error:
        return judge(error, row, handler, timezone.now())
    except Exception:
        return None
    return None


def _run_alone(handler: Handler, row: SyncItem, around: Surroundings, call: Callable[[Item], Any]) -> Verdict:
    try:
        with around.part([row]):
            return applied(_call(call, _build(handler, row, around)), handler)
    except Exception as error:
        if database.is_transient(error):
            raise
        return judge(error, row, handler, timezone.now())
    finally:
        around.close([row])


def _run_together(handler: Handler, rows: Sequence[SyncItem], around: Surroundings) -> list[Verdict]:
    verdicts: dict[UUID, Verdict] = {}
    valid: list[tuple[SyncItem, Item]] = []
    with around.part(rows):
        for row in rows:
            try:
                valid.append((row, _build(handler, row, around)))
            except (PermissionDenied, *drf.VALIDATION_ERRORS) as error:
                verdicts[row.id] = judge(error, row, handler, timezone.now())
        values = _call(handler.function, [item for _row, item in valid]) if valid else []
        if not isinstance(values, list) or len(values) != len(valid):
            raise BadResult(f"A handler with many=True was given {len(valid)} items and must return as many results.")
        for (row, _item), value in zip(valid, values, strict=True):
            decided = isinstance(value, Decision)
            verdicts[row.id] = judge(value, row, handler, timezone.now()) if decided else applied(value, handler)
    return [verdicts[row.id] for row in rows]


def _call(function: Callable[[Any], Any], given: Any) -> Any:
    reach(Milestone.BEFORE_HANDLER)
    value = function(given)
    reach(Milestone.AFTER_HANDLER)
    return value


def _only(values: Any) -> Any:
    """The one result of a `many` handler that was given one item."""
    if not isinstance(values, list) or len(values) != 1:
        raise BadResult("A handler with many=True was given one item and must return a list of one result.")
    [value] = values
    if isinstance(value, Decision):
        raise value
    return value


def _build(handler: Handler, row: SyncItem, around: Surroundings) -> Item:
    """The row as its handler sees it, validated. Raises a ValidationError, or PermissionDenied if its user is gone."""
    payload = read_canonical(row.payload or "null")
    item = _cast(
        id=row.item_id,
        tag=row.tag_id,
        lane=row.lane,
        after=row.after,
        seq=row.seq,
        payload=payload,
        data=payload,
        files=around.files.get(row.id, {}),
        user=_user(row, around),
        client_id=around.clients.get(row.client_id) if row.client_id else None,
        created_at=row.created_at,
        received_at=row.received_at,
        attempt=row.attempts,
        idempotency_key=str(row.id),
    )
    return replace(item, data=drf.validate(handler, item)) if handler.validates else item


def _cast(**values: Any) -> Item:
    """An item with all these values, made in one go: what is frozen is slow to make, attribute by attribute."""
    item = Item.__new__(Item)
    item.__dict__.update(values)
    return item


def _user(row: SyncItem, around: Surroundings) -> Any:
    if row.user_id is None:
        return AnonymousUser()
    user = around.users.get(row.user_id)
    if user is None:
        raise PermissionDenied(_("The user who sent this no longer exists or is not active."))
    return user
