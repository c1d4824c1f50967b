"""`idempotent` on class-based views, DRF views and ViewSets."""

from __future__ import annotations

import pytest
from django.db import connection

from django_bgsync.models import SyncItem
from tests.app.models import Effect
from tests.orders import KEY, effects, only_row, order, refusal, seen, tries

VIEWS = ["class", "api", "api-read", "api-class", "api-set"]
JSON = {"content_type": "application/json"}


@pytest.mark.parametrize("path", VIEWS)
def test_runs_once(device, path):
    """Under each kind of view the answer is the same twice, and the effect is there once."""
    first, again = order(device, path), order(device, path)

    assert first.status_code in (200, 201)
    assert seen(first) == seen(again)
    assert (first["Content-Type"], first["X-BGSync"]) == (again["Content-Type"], "1")
    assert effects() == 1


@pytest.mark.parametrize("path", VIEWS)
def test_other_content(device, path):
    """The body is compared."""
    assert order(device, path, {"a": 1}, **JSON).status_code in (200, 201)
    assert refusal(order(device, path, {"a": 2}, **JSON)) == (422, "payload_mismatch")
    assert effects() == 1


def test_view_still_reads_the_body(device):
    """JSON, forms, and forms that are PUT reach the view after they were compared."""
    order(device, "api", {"a": 1}, key="1", **JSON)
    order(device, "api", {"a": 1}, key="2")
    for _ in range(2):
        device.http.put(
            "/orders/api/",
            "a=1",
            content_type="application/x-www-form-urlencoded",
            headers={"Idempotency-Key": "3"},
        )

    assert [effect.seen["data"] for effect in Effect.objects.order_by("pk")] == [{"a": 1}, {"a": "1"}, {"a": "1"}]


def test_class_answers_other_methods(device):
    """A GET of the same class passes through."""
    assert device.http.get("/orders/class/", headers={"Idempotency-Key": KEY}).content == b"form"
    assert not SyncItem.objects.exists()


def test_method_of_a_view_set(device):
    """The arguments of the URL reach a decorated method; an empty answer stays empty."""
    headers = {"Idempotency-Key": KEY}
    answers = [device.http.delete("/orders/api-set/7/", headers=headers) for _ in range(2)]

    assert [seen(answer) for answer in answers] == [(204, "1", b"")] * 2
    assert [effect.seen for effect in Effect.objects.all()] == [{"pk": "7"}]
    assert only_row().tag_id == "http:orders:set-detail"


@pytest.mark.parametrize("path", ["api", "api-set"])
@pytest.mark.parametrize(("what", "status"), [("invalid", 400), ("forbidden", 403), ("unknown", 404)])
def test_refusals(device, path, what, status):
    """What DRF answers below 500 is the answer, also to replays; what the view wrote before does not stay."""
    url = f"/orders/{path}/?what={what}"
    first, again = [device.http.post(url, headers={"Idempotency-Key": KEY}) for _ in range(2)]

    assert (first.status_code, first["X-BGSync"]) == (status, "1")
    assert seen(first) == seen(again)
    assert (effects(), tries()) == (0, [(1, "receipt", "rejected", f"http_{status}")])


def test_refusal_of_a_class(device):
    """Around `dispatch` DRF's refusal is an answer that was returned."""
    url = "/orders/api-class/?what=invalid"
    first, again = [device.http.post(url, headers={"Idempotency-Key": KEY}) for _ in range(2)]

    assert (first.status_code, seen(first)) == (400, seen(again))


@pytest.mark.parametrize("path", ["api", "api-class"])
@pytest.mark.parametrize(
    ("what", "statuses"), [("not authenticated", (401, 403)), ("throttled", (429,)), ("fail", (500,))]
)
def test_no_verdicts(device, path, what, statuses):
    """DRF's answers about the sender and the throttle, and errors, are not kept."""
    url = f"/orders/{path}/?what={what}"
    answers = [device.http.post(url, headers={"Idempotency-Key": KEY}) for _ in range(2)]

    assert {answer.status_code for answer in answers} <= set(statuses)
    assert all("X-BGSync" not in answer for answer in answers)
    assert only_row().state == "waiting"
    assert only_row().attempts == 2


def test_csrf_within_dispatch(device):
    """DRF's own CSRF check runs inside a decorated `dispatch`; with a token the same request is answered."""
    device.http.handler.enforce_csrf_checks = True
    refused = order(device, "api-class")
    device.http.handler.enforce_csrf_checks = False

    assert (refused.status_code, "X-BGSync" in refused) == (403, False)
    assert order(device, "api-class").status_code == 201
    assert effects() == 1


def test_visitor_of_an_api(visitor):
    """403 to somebody who is not signed in may be something else after the login: it is not kept."""
    headers = {"Idempotency-Key": KEY, "BGSync-Client": visitor.id}
    refused = visitor.http.post("/orders/api/?what=forbidden", headers=headers)

    assert (refused.status_code, "X-BGSync" in refused) == (403, False)
    assert only_row().state == "waiting"


def test_json_that_was_read_before(device):
    """A body that a permission has read is compared all the same."""
    options = {"content_type": "application/json"}
    first, again, other = [order(device, "api-read", {"what": text}, **options) for text in ("a", "a", "b")]

    assert (first.status_code, seen(again)) == (201, seen(first))
    assert refusal(other) == (422, "payload_mismatch")


def test_refusal_of_a_class_with_atomic_requests(device, monkeypatch):
    """There DRF has had what it wrote rolled back, and the answer is the same."""
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    url = "/orders/api-class/?what=invalid"
    first, again = [device.http.post(url, headers={"Idempotency-Key": KEY}) for _ in range(2)]

    assert (first.status_code, seen(first)) == (400, seen(again))
    assert (effects(), tries()) == (0, [(1, "receipt", "rejected", "http_400")])
