"""Bad input to the served site gets the contract's answer: never a 500, never HTML, whatever DEBUG says."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from .site import Installation, Site

CLIENT = {"id": str(uuid.uuid4())}
DEEP = 2000


class Api:
    """A signed-in device that sends whatever it is given."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.session = requests.Session()

    def __enter__(self) -> Api:
        site = self.site
        self.session.get(f"{site.url}/accounts/login/", timeout=10)
        form = {"username": "demo", "password": "demo", "csrfmiddlewaretoken": self.session.cookies["csrftoken"]}
        self.session.post(f"{site.url}/accounts/login/", data=form, timeout=10).raise_for_status()
        self.session.headers["X-CSRFToken"] = self.session.cookies["csrftoken"]
        self.session.headers["Content-Type"] = "application/json"
        self.session.headers["Connection"] = "close"  # a body refused unread takes its connection with it
        return self

    def __exit__(self, *exception: object) -> None:
        self.session.close()

    def post(self, path: str, body: bytes | str, **headers: str) -> requests.Response:
        data = body.encode() if isinstance(body, str) else body
        return self.session.post(f"{self.site.url}/bgsync/v1/{path}/", data=data, headers=headers, timeout=30)


@pytest.fixture(scope="module", params=["0", "1"], ids=["plain", "debug"])
def api(request: pytest.FixtureRequest, installation: Installation, tmp_path_factory) -> Iterator[Api]:
    with Site(tmp_path_factory.mktemp("site"), installation, DEBUG=request.param) as site, Api(site) as api:
        yield api


def envelope(**changes: Any) -> str:
    return json.dumps({"protocol": 1, "client": CLIENT, "items": []} | changes)


def item(**changes: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "tag": "post", "payload": {"text": "x"}} | changes


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


NOT_JSON = {
    "empty": b"",
    "half": b'{"protocol": 1, "items": [',
    "prose": b"hello",
    "bytes": bytes(range(256)),
    "utf-16": envelope().encode("utf-16"),
    "raw NUL": b"\0" * 100,
    "nan": b'{"protocol": 1, "items": NaN}',
    "deep and unfinished": b"[" * 200_000,
}
WRONG_TYPES = {
    "list": "[]",
    "deep": nested(DEEP),
    "very deep": nested(200_000),
    "text": '"protocol"',
    "null": "null",
    "number": "1",
    "no protocol": json.dumps({"client": CLIENT, "items": []}),
    "protocol a text": envelope(protocol="1"),
    "protocol null": envelope(protocol=None),
    "items an object": envelope(items={"id": 1}),
    "items a text": envelope(items="post"),
    "items null": envelope(items=None),
    "client a text": envelope(client="phone"),
    "client a list": envelope(client=[]),
    "client without id": envelope(client={}),
    "client id a number": envelope(client={"id": 7}),
    "client id not a uuid": envelope(client={"id": "phone"}),
    "owner a number": envelope(owner=7),
    "trigger an object": envelope(trigger={}),
    "awaiting an object": envelope(awaiting={}),
    "awaiting numbers": envelope(awaiting=[1, 2]),
    "sent_at a list": envelope(sent_at=[]),
}
POISONED = {
    "NUL in the owner": envelope(owner="a\0b"),
    "NUL in the sync tag": envelope(sync_tag="bgsync:\0"),
    "surrogate in the owner": envelope(owner="\ud800"),
    "surrogate in the version": envelope(client={**CLIENT, "app_version": "\udfff"}),
    "surrogate as a key": envelope(**{"\ud800": 1}),
}
BAD_ENVELOPES = NOT_JSON | WRONG_TYPES | POISONED


def assert_problem(answer: requests.Response, status: int, code: str) -> None:
    """RFC 9457 with our code and our header, and nothing of a debug page."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.text
    assert answer.headers["X-BGSync"] == "1"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["code"] == code


@pytest.mark.parametrize("body", BAD_ENVELOPES.values(), ids=BAD_ENVELOPES)
def test_bad_envelope(api: Api, body: bytes | str) -> None:
    """What is not an envelope is 400 `invalid_envelope`."""
    assert_problem(api.post("deliveries", body), 400, "invalid_envelope")


@pytest.mark.parametrize("path", ["deliveries", "items"])
def test_three_megabytes(api: Api, path: str) -> None:
    """A body over the limit is 413 `too_large`, with the limits."""
    answer = api.post(path, envelope(items=[item(payload={"text": "x" * 3_000_000})]))
    assert_problem(answer, 413, "too_large")
    assert answer.json()["limits"]["max_bytes"] == 1024 * 1024


@pytest.mark.parametrize("protocol", [0, 2, 10**6])
def test_other_protocol(api: Api, protocol: object) -> None:
    """The protocol is looked at first, before anything else can be wrong."""
    assert_problem(api.post("deliveries", envelope(protocol=protocol, items=7)), 426, "protocol_unsupported")


@pytest.mark.parametrize(
    "payload",
    [{"text": "a\0b"}, {"a\0b": 1}, {"text": "\ud800"}, {"\udfff": 1}, ["\ud83d"]],
    ids=["NUL", "NUL in a key", "surrogate", "surrogate in a key", "half an emoji"],
)
def test_poisoned_payload(api: Api, payload: object) -> None:
    """A payload that no database can store is that item's verdict, and its neighbour's affair not at all."""
    poisoned, healthy = item(payload=payload), item()
    answer = api.post("deliveries", envelope(items=[poisoned, healthy]))
    assert answer.status_code == 200
    assert verdicts(answer) == [("rejected", "unstorable_payload"), ("applied", "ok")]


def test_deep_payload(api: Api) -> None:
    """The same for a payload too deep."""
    body = envelope(items=[item(payload="DEEP"), item()]).replace('"DEEP"', nested(DEEP))
    answer = api.post("deliveries", body)
    assert answer.status_code == 200
    assert verdicts(answer) == [("rejected", "unstorable_payload"), ("applied", "ok")]


BAD_ITEMS = {
    "id not a uuid": item(id="seven"),
    "tag with a capital": item(tag="Post"),
    "tag a number": item(tag=5),
    "lane an object": item(lane={}),
    "created_at a number": item(created_at=12),
    "payload missing": {"id": str(uuid.uuid4()), "tag": "post"},
    "seq a text": item(seq="first"),
    "seq too large": item(seq=10**30),
}


@pytest.mark.parametrize("bad", BAD_ITEMS.values(), ids=BAD_ITEMS)
def test_bad_item(api: Api, bad: object) -> None:
    """A malformed item is `invalid_item`; its neighbour is applied."""
    answer = api.post("deliveries", envelope(items=[bad, item()]))
    assert answer.status_code == 200, answer.text
    assert verdicts(answer) == [("rejected", "invalid_item"), ("applied", "ok")]


def test_wrong_media_type(api: Api) -> None:
    """Anything but JSON is 415 `unsupported_media_type`."""
    answer = api.post("deliveries", envelope(), **{"Content-Type": "text/plain"})
    assert_problem(answer, 415, "unsupported_media_type")


def test_missing_csrf_token(api: Api) -> None:
    """A session without a CSRF token is 403 `csrf_failed`, not Django's HTML page."""
    assert_problem(api.post("deliveries", envelope(), **{"X-CSRFToken": ""}), 403, "csrf_failed")


def test_nobody_signed_in(api: Api) -> None:
    """No session is 401 `not_authenticated`, not a redirect to a login page."""
    answer = requests.post(
        f"{api.site.url}/bgsync/v1/deliveries/", json=json.loads(envelope()), timeout=10, allow_redirects=False
    )
    assert_problem(answer, 401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"] == "BGSync"


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_bad_single_item(api: Api, body: bytes) -> None:
    """The same bodies to the endpoint for one item are refused the same way."""
    assert_problem(api.post("items", body), 400, "invalid_envelope")


@pytest.mark.parametrize("body", ["[]", "null", '"x"', "{}", nested(DEEP), json.dumps(BAD_ITEMS["id not a uuid"])])
def test_malformed_single_item(api: Api, body: str) -> None:
    """JSON that is no item is 422, with the result object of an item."""
    answer = api.post("items", body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/json")
    assert (answer.json()["status"], answer.json()["code"]) == ("rejected", "invalid_item")


@pytest.mark.parametrize("query", ["", "?id=seven", "?id=%00", "?id=%ED%A0%80", "?state=shut"])
def test_bad_query(api: Api, query: str) -> None:
    """Asking for items badly is a 400 as well."""
    answer = api.session.get(f"{api.site.url}/bgsync/v1/items/{query}", timeout=10)
    assert_problem(answer, 400, "invalid_envelope")


def verdicts(answer: requests.Response) -> list[tuple[str, str]]:
    return [(result["status"], result["code"]) for result in answer.json()["results"]]
