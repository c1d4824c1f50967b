"""What somebody typed into a search field: an id or the ends of one, a tag, a user or a code.

One meaning is looked for after the other, and the first that exists is taken: alternatives in one condition would keep
a database from using the index of any.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from django_bgsync.enums import ItemState, Outcome
from django_bgsync.models import BOUND, DeliveryAttempt, SyncClient, SyncItem, SyncTag

PARKED = (ItemState.REJECTED, ItemState.CONFLICT)
MOST = 100
"""So many rows with the same beginning, end or name are told apart; more is no search."""
_ID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_ENDS = re.compile(r"(?P<start>[0-9a-f-]{8,36})?(?:(?:…|\.{2,3}|\*)(?P<end>[0-9a-f]{4,12})?)?", re.IGNORECASE)


def items(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Items with this id, of this client, tag or user, or parked with this code."""
    if _is_id(text):
        found = _id("item_id", text)
        if found and rows.filter(found).exists():
            return rows.filter(found)
        if not _may_be_name(text):
            return _of_clients(rows, text)
    return _named(rows, text, _of_code(text))


def features(text: str) -> dict[str, Any]:
    """What `items` finds as features of a selection (`operations.selections`); none if they cannot say it."""
    if _is_id(text):
        found = _id("item_id", text)
        if found and SyncItem.objects.filter(found).exists():
            return {}
        if not _may_be_name(text):
            return _only("client", _keys(_client(text)))
    if SyncTag.objects.filter(pk=text).exists():
        return {"tag": text}
    users = _users(text)
    if not users and _of_code(text).exists():
        return {"code": text, "state": "parked"}
    return _only("user", users)


def attempts(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Attempts at this item, of this client, tag or user, or that ended with this code without being applied."""
    if _is_id(text):
        found = _id("item_id", text)
        if found and (keys := list(SyncItem.objects.filter(found).values_list("pk", flat=True)[:MOST])):
            return rows.filter(item__in=keys)
        if not _may_be_name(text):
            return _of_clients(rows, text)
    return _named(rows, text, DeliveryAttempt.objects.exclude(outcome=Outcome.APPLIED).filter(code=text))


def deliveries(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    """The delivery with this id, and those of this client or user."""
    if _is_id(text):
        found = _id("pk", text)
        if found and rows.filter(found).exists():
            return rows.filter(found)
        if not _may_be_name(text):
            return _of_clients(rows, text)
    return rows.filter(client__in=_clients_of(_users(text)))


def clients(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    """The clients with this id or label, and those of this user."""
    if _is_id(text) and not _may_be_name(text):
        return rows.filter(_client(text))
    users = _users(text)
    return rows.filter(_of_users(users) | Q(pk__in=_visitors_who_became(users)) | Q(label__startswith=text))


def _named(rows: QuerySet[Any], text: str, of_code: QuerySet[Any]) -> QuerySet[Any]:
    if SyncTag.objects.filter(pk=text).exists():
        return rows.filter(tag=text)
    users = _users(text)
    if not users and of_code.exists():
        return rows.filter(pk__in=of_code.values("pk")) if of_code.model is not rows.model else rows & of_code
    return _of_users_rows(rows, users)


def _of_code(text: str) -> QuerySet[SyncItem]:
    return SyncItem.objects.filter(code=text, state__in=PARKED)


def _only(name: str, values: list[Any]) -> dict[str, Any]:
    return {name: values[0]} if len(values) == 1 else {}


def _of_users_rows(rows: QuerySet[Any], users: list[Any]) -> QuerySet[Any]:
    if not users:
        return rows.none()
    of_clients = Q(client__in=_clients_of(users))
    if rows.model is SyncItem:
        of_clients |= Q(client=None) & _of_users(users)  # sent by no client of ours
    return rows.filter(of_clients)


def _clients_of(users: list[Any]) -> list[UUID]:
    """The clients of these users, and of the visitors that they were."""
    return [*_keys(_of_users(users)), *_visitors_who_became(users)]


def _visitors_who_became(users: list[Any]) -> list[UUID]:
    return _keys(BOUND & Q(user__in=users))


def _of_clients(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    return rows.filter(client__in=_keys(_client(text)))


def _keys(condition: Q) -> list[UUID]:
    return list(SyncClient.objects.filter(condition).values_list("pk", flat=True)[:MOST])


def _is_id(text: str) -> bool:
    """Whether this can be an id, or what pages show of one: its beginning, its end, or both."""
    return bool(_ID.fullmatch(text) or _ENDS.fullmatch(text))


def _may_be_name(text: str) -> bool:
    """Whether it is an id's beginning at most: somebody may be called so, `20231234` for example."""
    return not _ID.fullmatch(text) and re.search(r"…|\.\.|\*", text) is None


def _id(name: str, text: str) -> Q | None:
    """Rows whose id this is, or begins and ends so; None for an end alone, which no index finds."""
    if _ID.fullmatch(text):
        return Q(**{name: UUID(text)})
    ends = _ENDS.fullmatch(text)
    if not ends or not ends["start"]:
        return None
    start = ends["start"].replace("-", "")
    if len(start) > 32:
        return None
    between = Q(**{f"{name}__range": (UUID(start.ljust(32, "0")), UUID(start.ljust(32, "f")))})
    return between & Q(**{f"{name}__endswith": ends["end"].lower()}) if ends["end"] else between


def _client(text: str) -> Q:
    if _ID.fullmatch(text):
        return Q(client_id=UUID(text)) | Q(pk=UUID(text))
    ends = _ENDS.fullmatch(text)
    return Q(client_id__endswith=ends["end"].lower()) if ends and ends["end"] and not ends["start"] else Q(pk__in=[])


def _of_users(users: list[Any]) -> Q:
    return Q(owner__in=[f"u:{pk}" for pk in users])


def _users(text: str) -> list[Any]:
    """The keys of the users of this name or address; without one, of those whose name begins so. A link of ours names
    one by the reference of an owner, `u:15`: a name may be that of a tag, too.
    """
    model = get_user_model()
    if text.startswith("u:"):
        with suppress(ValidationError):
            return [model._meta.pk.to_python(text.removeprefix("u:"))]
        return []
    name, address = model.USERNAME_FIELD, getattr(model, "EMAIL_FIELD", "")
    exact = Q(**{name: text}) | (Q(**{address: text}) if address and "@" in text else Q())
    everybody = model._default_manager.order_by("pk")
    found = list(everybody.filter(exact).values_list("pk", flat=True)[:MOST])
    return found or list(everybody.filter(**{f"{name}__startswith": text}).values_list("pk", flat=True)[:MOST])
