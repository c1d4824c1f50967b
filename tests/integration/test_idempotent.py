"""Views under `idempotent`: one run for each owner and key, and the same answer to every replay."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from django_bgsync import idempotent
from django_bgsync.models import Delivery, SyncClient, SyncItem, SyncTag, Tombstone
from tests.app.models import Effect
from tests.orders import KEY, client_header, effects, only_row, order, refusal, seen, tries

HEADERS = ("Content-Type", "Location", "Content-Encoding")


def test_answer_is_replayed(device):
    """The view runs once; the replay has its status, body, type and location, and not its cookies."""
    first, again = order(device), order(device)

    assert seen(first) == seen(again) == (201, "1", b'{"zebra": 1, "apple": "ripe"}')
    assert (again["Content-Type"], again["Location"]) == ("application/json", "/orders/1/")
    assert ("seen" in first.cookies, "seen" in again.cookies, "X-Other" in again) == (True, False, False)
    assert effects() == 1


@pytest.mark.parametrize(
    "what",
    [
        *("text", "latin", "utf-16", "unknown charset", "compressed", "bytes", "nothing", "redirect", "template"),
        *("the most", "control characters", "400", "403"),
    ],
)
def test_kept_answers(device, what):
    """Whatever the view returned, of its own accord and below 500, is what a replay gets, to the byte."""
    first, again = order(device, what), order(device, what)

    assert seen(first) == seen(again)
    assert first["X-BGSync"] == "1"
    assert [again.get(name) for name in HEADERS] == [first.get(name) for name in HEADERS]
    assert (effects(), tries()) == (1, [(1, "receipt", "applied", "ok")])


@pytest.mark.parametrize("is_replay", [False, True])
def test_redirect_for_our_client(device, is_replay):
    """It follows none, and could not see one: it gets a 204 that says where, the first time and replayed."""
    if is_replay:
        assert order(device, "redirect").status_code == 302

    answer = order(device, "redirect", headers={"X-BGSync": "1"})
    assert seen(answer) == (204, "1", b"")
    assert (answer["Location"], answer["BGSync-Response"], effects()) == ("/orders/", "redirect", 1)


def test_redirect_to_the_login_for_our_client(device):
    """That is no verdict, and stays what it is."""
    answer = order(device, "login", headers={"X-BGSync": "1"})

    assert (answer.status_code, "X-BGSync" in answer) == (302, False)


@pytest.mark.parametrize("what", ["stream", "too much"])
def test_answers_too_large_to_keep(device, what):
    """The effect stays, the body does not: the replay says so."""
    first, again = order(device, what), order(device, what)

    assert (first.status_code, first["X-BGSync"], len(first.getvalue()) > 1) == (200, "1", True)
    assert (seen(again), again["BGSync-Response"]) == ((204, "1", b""), "not-kept")
    assert effects() == 1


@pytest.mark.parametrize("path", ["401", "429", "503", "login", "member", "protected"])
def test_answers_that_are_no_verdict(device, visitor, path):
    """What is about the sender, the throttle or the server is not kept, nothing stays, and the next try runs again."""
    sender = visitor if path == "member" else device
    sender.http.handler.enforce_csrf_checks = path == "protected"
    first, again = [order(sender, path, headers=client_header(sender)) for _ in range(2)]

    assert first.status_code == again.status_code
    assert "X-BGSync" not in first
    assert (effects(), [outcome for _, _, outcome, _ in tries()]) == (0, ["retry_later", "retry_later"])
    assert only_row().state == "waiting"


def test_exception(device):
    """An error of the view is the project's to see; it is in the history, and a replay tries again."""
    device.http.raise_request_exception = True
    for _ in range(10):  # never given up
        with pytest.raises(KeyError):
            order(device, "fail")

    assert effects() == 0
    assert tries()[9] == (10, "replay", "failed", "retrying")


def test_view_without_an_answer(device):
    """It is the project's error, too, and not a server that has no time."""
    device.http.raise_request_exception = True
    with pytest.raises(TypeError, match="returned NoneType"):
        order(device, "return nothing")

    assert (effects(), tries()) == (0, [(1, "receipt", "failed", "retrying")])


@pytest.mark.parametrize(("what", "status"), [("raise 404", 404), ("raise 403", 403)])
def test_exception_that_is_an_answer(device, what, status):
    """What Django answers below 500 is the view's answer; what it wrote before does not stay."""
    first, again = order(device, what), order(device, what)

    assert (first.status_code, seen(first)) == (status, seen(again))
    assert first["X-BGSync"] == "1"
    assert (effects(), tries()) == (0, [(1, "receipt", "rejected", f"http_{status}")])


def test_decision_in_a_view(device):
    """A view is no handler: raising a handler's decision is an error like any other."""
    assert order(device, "raise a decision").status_code == 500
    assert only_row().state == "waiting"


def test_swallowed_database_error(device):
    """The transaction is lost, so the view's answer would not be true."""
    assert order(device, "swallow an error").status_code == 500
    assert effects() == 0


@pytest.mark.django_db(transaction=True)
def test_callback_after_the_commit(device):
    """Its failure is recorded, and changes nothing about the answer."""
    assert seen(order(device, "fail after the commit")) == (200, "1", b"committed")
    assert (effects(), tries()) == (1, [(1, "receipt", "applied", "ok")])


# Keys and what they are compared with


@pytest.mark.parametrize("key", ["bare", '"bare"', '  "bare" '])
def test_quoted_and_bare_keys(device, key):
    """The IETF draft quotes the key; both forms are one."""
    order(device, key="bare")
    order(device, key=key)

    assert effects() == 1


def test_escaped_key(device):
    """Quotes within the quotes are escaped."""
    order(device, key=r'"a\"b\\"')
    order(device, key='a"b\\')

    assert effects() == 1


def test_long_keys(device):
    """255 characters are a key, 256 are refused."""
    assert order(device, key='"' + "x" * 255 + '"').status_code == 201
    assert refusal(order(device, key="x" * 256)) == (400, "invalid_envelope")
    assert effects() == 1


@pytest.mark.parametrize("key", [None, "", '""'])
def test_no_key(device, key):
    """Without a key the view is the view that it was, unless one is required."""
    assert "X-BGSync" not in order(device, key=key)
    assert order(device, key=key).status_code == 201
    assert (effects(), SyncItem.objects.count()) == (2, 0)
    assert refusal(order(device, "key", key=key)) == (400, "idempotency_key_missing")


def test_required_key(device):
    """With a key the required one is there."""
    assert [order(device, "key").status_code for _ in range(2)] == [200, 200]
    assert effects() == 1


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("json", {"text": "other"}),
        ("json", {"text": ["a", "a"]}),
        ("json/?a=1", {"text": "a"}),
        ("text", {"text": "a"}),
    ],
)
def test_other_request_with_the_same_key(device, path, data):
    """Another path, query or form under a used key is refused, and nothing is run."""
    first = order(device, data={"text": "a"})
    other = device.http.post(f"/orders/{path}{'' if '?' in path else '/'}", data, headers={"Idempotency-Key": KEY})

    assert refusal(other) == (422, "payload_mismatch")
    assert seen(order(device, data={"text": "a"})) == seen(first)
    assert effects() == 1


def test_same_form_with_another_token(device):
    """A form is the same whatever its CSRF token and its boundary, and its file is still there to be read."""
    for token in ("a", "b"):
        file = SimpleUploadedFile("a.txt", b"content")
        assert order(device, data={"text": "a", "csrfmiddlewaretoken": token, "file": file}).status_code == 201

    assert Effect.objects.get().seen["files"] == {"file": "content"}


def test_other_file(device):
    """Files are compared by their content."""
    first, other = [
        order(device, data={"file": SimpleUploadedFile("a.txt", content)}) for content in (b"content", b"Content")
    ]

    assert (first.status_code, other.status_code) == (201, 422)


def test_other_body(device):
    """What is not a form is compared byte by byte."""
    options = {"content_type": "application/json"}
    first, other = [order(device, data=data, **options) for data in ({"a": 1}, {"a": 2})]

    assert (first.status_code, other.status_code) == (201, 422)


def test_safe_methods(device):
    """A GET is what it was: nothing is stored, and no key is asked for."""
    assert [device.http.get("/orders/json/", headers={"Idempotency-Key": KEY}).status_code for _ in range(2)] == [
        201
    ] * 2
    assert (effects(), SyncItem.objects.count()) == (2, 0)


# Owners


def test_other_owner(device, other):
    """The same key of somebody else is another key."""
    assert [order(sender).status_code for sender in (device, other)] == [201, 201]
    assert effects() == 2


def test_wrong_owner(device, other):
    """A request that was made for somebody else is not run."""
    refused = order(device, headers={"BGSync_Owner": other.owner_key})

    assert refusal(refused) == (409, "wrong_owner")
    assert refused.json()["owner"] == device.owner_key
    assert order(device, headers={"BGSync_Owner": device.owner_key}).status_code == 201
    assert effects() == 1


def test_visitor(visitor):
    """A visitor is told from others by the client; without one the request passes through."""
    assert [order(visitor, headers=client_header(visitor))["X-BGSync"] for _ in range(2)] == ["1", "1"]
    assert effects() == 1
    assert "X-BGSync" not in order(visitor)
    assert effects() == 2


def test_owner_of_nobody(visitor, device):
    """A request of a user is not run for a visitor."""
    assert refusal(order(visitor, headers={"BGSync_Owner": device.owner_key})) == (409, "wrong_owner")
    assert effects() == 0


def test_revoked_client(device):
    """A client that an operator has revoked is told so, and nothing is run."""
    device.deliver()
    SyncClient.objects.update(revoked_at=timezone.now())

    assert refusal(order(device, headers=client_header(device))) == (401, "client_revoked")
    assert effects() == 0


def test_malformed_client(device):
    """A client is a UUID."""
    assert refusal(order(device, headers={"BGSync_Client": "me"})) == (400, "invalid_envelope")


# The history


def test_row(device):
    """The key is an item: with the view's name, the client, and nothing that the body said."""
    order(device, data={"password": "secret"}, headers=client_header(device))
    row = only_row()

    assert (row.tag_id, row.state, row.code, row.item_id.version, row.pk.version) == (
        "http:orders:any",
        "applied",
        "ok",
        8,
        8,
    )
    assert (row.user_id, row.payload) == (device.user.pk, '{"method": "POST", "path": "/orders/json/"}')
    assert (Delivery.objects.get().pk, SyncTag.objects.get().pk) == (row.delivery_id, row.tag_id)


def test_client_in_the_history(device):
    """The item is one of its client, if that is known."""
    order(device, key="1", headers=client_header(device))
    device.deliver()
    order(device, key="2", headers=client_header(device))

    assert list(SyncItem.objects.order_by("received_at").values_list("client", flat=True)) == [
        None,
        SyncClient.objects.get().pk,
    ]


def test_async_view():
    """An async view cannot share a transaction with its answer."""

    async def view(request): ...

    with pytest.raises(TypeError, match="is async"):
        idempotent(view)


@pytest.mark.parametrize(
    ("state", "expected"), [("paused", (503, "unavailable")), ("closed", (403, "permission_denied"))]
)
def test_operators(device, state, expected):
    """An operator can pause and close a view like any tag; what was answered before is answered still."""
    order(device, key="before")
    SyncTag.objects.update(state=state)

    assert refusal(order(device)) == expected
    assert order(device, key="before").status_code == 201
    assert effects() == 1


def test_key_of_long_ago(device):
    """A key whose answer is gone is known by its tombstone, and nothing is run."""
    order(device)
    Tombstone.objects.create(pk=only_row().pk, buried_at=timezone.now())
    SyncItem.objects.all().delete()

    assert refusal(order(device)) == (410, "id_too_old")
    assert effects() == 1


def test_discarded(device):
    """A try that failed, and that an operator then discarded, is not made again."""
    order(device, "503")
    SyncItem.objects.update(state="rejected", code="discarded", problem='{"detail": "No more."}', next_at=None)

    refused = order(device, "503")
    assert (refusal(refused), refused.json()["detail"]) == ((403, "permission_denied"), "No more.")
