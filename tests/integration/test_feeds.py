"""GET v1/feeds/<name>/: pages of news, for those who may read them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import OperationalError
from django.http import Http404, HttpRequest
from django.test import Client
from django.utils import timezone
from rest_framework.exceptions import APIException, Throttled, ValidationError

from django_bgsync import Feed
from django_bgsync.feeds import pages
from django_bgsync.models import FeedPull, SyncClient
from django_bgsync.receiving import clients
from tests.app.feeds import Told
from tests.deliveries import SESSION, Device, code_of, make_item, problem_of, read
from tests.pulling import FEEDS, pull

ALLOW_ANY = {"PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"]}


@pytest.fixture
def tell(monkeypatch):
    """Have the feed `told` return, or raise, what a test says."""

    def say(answer):
        def act(request, cursor):
            if isinstance(answer, Exception):
                raise answer
            return answer(request, cursor) if callable(answer) else answer

        monkeypatch.setattr(Told, "answer", act, raising=False)

    return say


# Answers


def test_first_page(device):
    """The whole document: what was asked without a cursor begins anew."""
    response = pull(device)

    assert read(response) == {
        "bgsync": 1,
        "feed": "numbers",
        "owner": device.owner_key,
        "min_interval": 6 * 3600,
        "items": [{"id": number, "text": f"number {number}"} for number in (1, 2, 3)],
        "deleted": [],
        "cursor": "3",
        "more": True,
        "reset": True,
        "cache": [],
    }
    assert (response["Content-Type"], response["X-BGSync"], response["Cache-Control"]) == (
        "application/json",
        "1",
        "private, no-cache",
    )


def test_pages(device):
    """Each page goes on where its cursor says, and the last one says that it is."""
    cursor, ids = None, []
    for _ in range(3):
        page = read(pull(device, cursor=cursor))
        cursor, ids = page["cursor"], ids + [item["id"] for item in page["items"]]

    assert (ids, page["more"], page["reset"]) == ([1, 2, 3, 4, 5, 6, 7], False, False)


def test_nothing_new(device):
    """A client that has everything keeps its cursor."""
    assert read(pull(device, cursor="7")) == {**read(pull(device, cursor="6")), "items": []}


def test_page_without_a_cursor(device, tell):
    """The last page may be empty, and have no row to take a cursor from: then it is still the one before."""
    tell(Feed())

    assert read(pull(device, "told", cursor="b"))["cursor"] == "b"


def test_unchanged(device):
    """With the ETag of the answer before there is nothing to send; another owner's is another one."""
    first = pull(device)
    again = pull(device, If_None_Match=first["ETag"])

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert (again["X-BGSync"], again["Cache-Control"]) == ("1", "private, no-cache")
    assert pull(device, cursor="3", If_None_Match=first["ETag"]).status_code == 200


def test_etag_is_the_owners(device, other):
    """What a browser has kept of one user is never confirmed for the next."""
    assert pull(device)["ETag"] != pull(other)["ETag"]


def test_everything_a_page_can_say(device, tell):
    """Deletions, pages to keep, a reset; dates, decimals and UUIDs as text."""
    tell(
        Feed(
            items=[{"id": uuid.UUID(int=1), "at": datetime(2026, 11, 20, tzinfo=UTC), "price": Decimal("1.50")}],
            deleted=[7, "x", uuid.UUID(int=2)],
            cursor="c",
            reset=True,
            cache=["/news/1/?full=1"],
        )
    )
    page = read(pull(device, "told", cursor="b"))

    assert page["items"] == [{"id": str(uuid.UUID(int=1)), "at": "2026-11-20T00:00:00Z", "price": "1.50"}]
    assert page["deleted"] == [7, "x", str(uuid.UUID(int=2))]
    assert (page["cursor"], page["reset"], page["cache"]) == ("c", True, ["/news/1/?full=1"])


def test_querysets_and_generators(device, tell):
    """Whatever gives dicts, and ids, one after another."""
    people = type(device.user).objects
    tell(lambda request, cursor: Feed(items=people.values("id", "username"), deleted=(number for number in (1, 2))))
    page = read(pull(device, "told"))

    assert (page["items"], page["deleted"]) == ([{"id": device.user.pk, "username": "ada"}], [1, 2])


def test_feed_without_cursors(device, tell):
    """It is sent whole each time."""
    tell(Feed(items=[{"id": 1}]))

    assert [read(pull(device, "told"))[name] for name in ("cursor", "reset", "more")] == [None, True, False]


def test_what_the_function_gets(device, tell):
    """DRF's request, which passes everything on to Django's, with the user; and the cursor, None for an empty one."""
    seen = []
    tell(lambda request, cursor: seen.append((request, cursor)) or Feed())
    pull(device, "told", cursor="c")
    pull(device, "told", cursor="")
    [(request, _), _] = seen

    assert [cursor for _, cursor in seen] == ["c", None]
    assert (request.user, request.query_params["cursor"]) == (device.user, "c")
    assert isinstance(request._request, HttpRequest)
    assert request.build_absolute_uri("/") == "http://testserver/"


def test_session_names_feeds(device, django_user_model):
    """Those that this user may use, with how often to ask."""
    boss = Device(django_user_model.objects.create_superuser("root"))
    names = [feed["name"] for feed in boss.http.get(SESSION).json()["feeds"]]

    assert names == ["numbers", "staff-news", "told"]
    assert device.http.get(SESSION).json()["feeds"] == [
        {"name": "numbers", "min_interval": 21600},
        {"name": "told", "min_interval": 43200},
    ]


# Who may


def test_nobody_is_signed_in(visitor):
    """401, as everywhere."""
    assert code_of(pull(visitor)) == (401, "not_authenticated")


def test_feed_of_others(device):
    """A feed's own permission classes count beside those of the API."""
    assert code_of(pull(device, "staff-news")) == (403, "permission_denied")


def test_feed_of_others_as_visitor(visitor, settings):
    """Who could sign in to read is told so."""
    settings.BGSYNC = ALLOW_ANY

    assert code_of(pull(visitor, "staff-news")) == (401, "not_authenticated")


def test_visitor(visitor, settings):
    """Where visitors may sync they may read, as the owner that their client is."""
    settings.BGSYNC = ALLOW_ANY
    owner = visitor.http.get(SESSION, headers={"BGSync-Client": visitor.id}).json()["owner"]

    assert read(pull(visitor, BGSync_Owner=owner))["owner"] == owner


def test_visitor_without_a_name(visitor, settings):
    """Without a session a client must name itself."""
    settings.BGSYNC = ALLOW_ANY

    assert code_of(visitor.http.get(f"{FEEDS}numbers/")) == (400, "invalid_envelope")


def test_wrong_owner(device, other):
    """What is for one user is never sent under another's session; whose it is now is said."""
    response = pull(device, BGSync_Owner=other.owner_key)

    assert code_of(response) == (409, "wrong_owner")
    assert problem_of(response)["owner"] == device.owner_key
    assert read(pull(device, BGSync_Owner=device.owner_key))["owner"] == device.owner_key


def test_revoked_client(device):
    """An operator has revoked it: nothing more is sent."""
    pull(device)
    SyncClient.objects.update(revoked_at=timezone.now())

    assert code_of(pull(device)) == (401, "client_revoked")


def test_token_of_drf(device, tell, settings):
    """The user is the authenticator's, whatever that is."""
    settings.BGSYNC = {"AUTHENTICATION_CLASSES": ["rest_framework.authentication.BasicAuthentication"]}
    tell(lambda request, cursor: Feed(items=[{"id": request.user.username}]))
    http = Client(headers={"Authorization": "Basic YWRhOmFkYQ=="})

    assert read(http.get(f"{FEEDS}told/"))["items"] == [{"id": "ada"}]


# What is wrong


def test_unknown_feed(device):
    """404 with a code of its own, so that a client can tell it from a wrong address."""
    assert code_of(pull(device, "nobody")) == (404, "unknown_feed")


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_other_methods(device, method):
    """A feed is read."""
    response = getattr(device.http, method)(f"{FEEDS}numbers/", headers={"X-BGSync": "1"})

    assert code_of(response) == (405, "method_not_allowed")


@pytest.mark.parametrize("cursor", ["x" * (pages.MAX_CURSOR + 1), "a\0"])
def test_impossible_cursor(device, cursor):
    """What no feed can have handed out is not given to any."""
    assert code_of(pull(device, "told", cursor=cursor)) == (400, "invalid_cursor")


@pytest.mark.parametrize("error", [ValidationError("Not mine."), DjangoValidationError("Not mine.")])
def test_unknown_cursor(device, tell, error):
    """The function refuses a cursor by a ValidationError, and the client begins anew."""
    tell(error)

    assert code_of(pull(device, "told", cursor="mine")) == (400, "invalid_cursor")


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (PermissionDenied(), (403, "permission_denied")),
        (Http404(), (404, "not_found")),
        (Throttled(wait=7), (429, "throttled")),
    ],
)
def test_function_refuses(device, tell, error, answer):
    """What views raise to refuse means the same here."""
    tell(error)

    assert code_of(pull(device, "told")) == answer


@pytest.mark.parametrize("error", [KeyError("news"), OperationalError("gone"), APIException()])
def test_function_raises(device, tell, caplog, error):
    """Anything else is a reason to come later: never a 500, never silent."""
    tell(error)
    response = pull(device, "told")

    assert code_of(response) == (503, "unavailable")
    assert int(response["Retry-After"]) > 0
    assert FeedPull.objects.get().outcome == "failed"
    assert [record.feed for record in caplog.records if hasattr(record, "feed")] == ["told"]
    assert any(record.exc_info and record.exc_info[1] is error for record in caplog.records)


ITEM: Any = {"id": 1}
BAD: dict[str, Any] = {
    "a list": [ITEM],
    "nothing": None,
    "one item": Feed(items=ITEM),
    "a number of items": Feed(items=7),  # type: ignore[arg-type]
    "no id": Feed(items=[{"title": "no id"}]),
    "text for an item": Feed(items=["text"]),  # type: ignore[list-item]
    "null id": Feed(items=[{"id": None}]),
    "true id": Feed(items=[{"id": True}]),
    "empty id": Feed(items=[{"id": ""}]),
    "broken id": Feed(items=[{"id": 1.5}]),
    "too many items": Feed(items=[ITEM] * (pages.MAX_ITEMS + 1)),
    "too many bytes": Feed(items=[{"id": 1, "text": "x" * pages.MAX_BYTES}]),
    "not a number": Feed(items=[{"id": 1, "text": float("nan")}]),
    "an object": Feed(items=[{"id": 1, "text": object()}]),
    "half a surrogate pair": Feed(items=[{"id": 1, "text": "\ud800"}]),
    "deleted text": Feed(deleted="12"),
    "deleted null": Feed(deleted=[None]),  # type: ignore[list-item]
    "cursor of a number": Feed(cursor=7),  # type: ignore[arg-type]
    "empty cursor": Feed(cursor=""),
    "long cursor": Feed(cursor="x" * (pages.MAX_CURSOR + 1)),
    "more without a cursor": Feed(more=True),
    "more of the same": Feed(more=True, cursor="same"),
    "page of another site": Feed(cache=["https://elsewhere.test/"]),
    "page of another host": Feed(cache=["//elsewhere.test/"]),
    "relative page": Feed(cache=["news/1/"]),
    "too many pages": Feed(cache=["/"] * (pages.MAX_PATHS + 1)),
}


@pytest.mark.parametrize("page", BAD.values(), ids=BAD.keys())
def test_bad_feed(device, tell, caplog, page):
    """What cannot be sent is a fault of the site: the client comes later, and the log says what is wrong."""
    tell(page)

    assert code_of(pull(device, "told", cursor="same")) == (503, "unavailable")
    assert FeedPull.objects.get().code == "bad_feed"
    assert [record.code for record in caplog.records if hasattr(record, "code")] == ["bad_feed"]


# Clients


def test_client_is_known(device):
    """Who asks for a feed is a client, with what is known of it; what it has said before stays."""
    pull(device, User_Agent="Firefox")
    [client] = SyncClient.objects.all()
    assert (str(client.client_id), client.user, client.user_agent) == (device.id, device.user, "Firefox")

    SyncClient.objects.update(app_version="2.0", capabilities={"sync": "granted"})
    pull(device)
    assert SyncClient.objects.filter(app_version="2.0", capabilities={"sync": "granted"}).count() == 1


def test_client_is_seen(device):
    """A pull is a sign of life, written down once a minute."""
    device.send(make_item())
    before = SyncClient.objects.get().last_seen
    pull(device)
    assert SyncClient.objects.get().last_seen == before

    SyncClient.objects.update(last_seen=before - clients.QUIET)
    pull(device)
    assert SyncClient.objects.get().last_seen >= before


def test_signals_of_clients(device, monkeypatch):
    """Receivers hear of a client that pulls as of one that delivers."""
    heard = []
    signal = SimpleNamespace(send_robust=lambda sender, **said: heard.append(said["is_new"]))
    monkeypatch.setattr(clients, "client_seen", signal)
    for _ in range(2):
        pull(device)
    SyncClient.objects.update(last_seen=timezone.now() - clients.QUIET)
    pull(device)

    assert heard == [True, False]


def test_bad_client(device):
    """A name that is none is refused, as everywhere."""
    assert code_of(device.http.get(f"{FEEDS}numbers/", headers={"BGSync-Client": "me"})) == (400, "invalid_envelope")
