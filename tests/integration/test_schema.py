"""GET v1/schema/: a valid OpenAPI 3.1 document, and what the endpoints really say is what it says."""

from __future__ import annotations

import json
import sys
import uuid

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from django_bgsync.models import SyncClient
from tests.deliveries import DELIVERIES, ITEMS, SESSION, code_of, make_due, make_item, read, script
from tests.pulling import pull

SCHEMA = "/bgsync/v1/schema/"
FEED = "/bgsync/v1/feeds/{name}/"
MODULE = "django_bgsync.api.openapi"


@pytest.fixture
def document(device):
    return read(device.http.get(SCHEMA))


@pytest.fixture
def conforms(document):
    """Check an answer against what the document says of its path, method, status and type."""
    resource = Resource(contents=document, specification=DRAFT202012)
    registry = Registry().with_resource("urn:schema", resource)

    def check(response, path, method="post"):
        answers = document["paths"][path][method]["responses"]
        content = answers.get(str(response.status_code), answers["default"])["content"]
        schema = content[response["Content-Type"]]["schema"]
        absolute = json.loads(json.dumps(schema).replace('"#/', '"urn:schema#/'))
        Draft202012Validator(absolute, registry=registry, format_checker=FormatChecker()).validate(response.json())
        return response.status_code

    return check


def closed(schema):
    """The same schema, every object of which has no members but the ones it names."""
    if isinstance(schema, dict):
        inner = {name: closed(value) for name, value in schema.items()}
        return {**inner, "additionalProperties": False} if "properties" in schema else inner
    return [closed(value) for value in schema] if isinstance(schema, list) else schema


def test_document_is_valid(document):
    """The document keeps to the specification, and is of the version that is promised."""
    OpenAPIV31SpecValidator(document).validate()

    assert document["openapi"].startswith("3.1.")


def test_paths(document):
    """Every path of the API that answers in JSON is there, with its methods."""
    assert {path: sorted(methods) for path, methods in document["paths"].items()} == {
        DELIVERIES: ["post"],
        ITEMS: ["get", "post"],
        SESSION: ["get"],
        FEED: ["get"],
    }


def test_every_member_is_described(document, device, visitor, conforms):
    """Nothing is sent that the document does not name."""
    document["components"] = closed(document["components"])
    waiting = script("fail")
    results = [make_item(), script("reject with a code"), script("conflict"), waiting, make_item("nobody"), {"id": 7}]
    answer = device.deliver(*results, awaiting=[waiting["id"], str(uuid.uuid4())])

    assert conforms(answer, DELIVERIES) == 200
    assert conforms(device.deliver(), DELIVERIES) == 200
    assert conforms(device.http.get(SESSION), SESSION, "get") == 200
    assert conforms(visitor.http.get(SESSION), SESSION, "get") == 200
    assert conforms(device.http.get(f"{ITEMS}?state=open"), ITEMS, "get") == 200
    assert conforms(device.http.get(f"{ITEMS}?id={waiting['id']}"), ITEMS, "get") == 200


def test_feeds(document, device, visitor, conforms):
    """A page of a feed, and its refusals."""
    document["components"] = closed(document["components"])
    refused = [pull(visitor), pull(device, "staff-news"), pull(device, "nobody"), pull(device, BGSync_Owner="x")]

    assert conforms(pull(device), FEED, "get") == 200
    assert [conforms(response, FEED, "get") for response in refused] == [401, 403, 404, 409]


def test_single_items(document, device, conforms):
    """Every HTTP status of the endpoint for one item is described."""
    document["components"] = closed(document["components"])
    mismatch = make_item(payload=1)
    device.send(mismatch)
    items = {
        200: make_item(),
        202: script("fail"),
        409: script("conflict"),
        410: make_item("fresh", created_at="2026-01-01T00:00:00Z"),
        413: make_item(payload="x" * 300_000),
        422: {**mismatch, "payload": 2},
        503: make_item("nobody"),
    }

    assert [conforms(device.post(ITEMS, item), ITEMS) for item in items.values()] == list(items)


def test_refusals(document, device, visitor, conforms, settings):
    """Every refusal is a problem as described."""
    document["components"] = closed(document["components"])
    refused = [
        device.post(DELIVERIES, b"?"),
        visitor.deliver(),
        device.deliver(owner="somebody"),
        device.deliver(*[make_item() for _ in range(101)]),
        device.http.post(DELIVERIES, "x", content_type="text/plain"),
        device.post(DELIVERIES, {"protocol": 2}),
    ]

    assert [conforms(response, DELIVERIES) for response in refused] == [400, 401, 409, 413, 415, 426]
    assert conforms(device.post(ITEMS, make_item(), BGSync_Owner="x"), ITEMS) == 409
    assert conforms(device.http.get(ITEMS), ITEMS, "get") == 400
    settings.BGSYNC = {"THROTTLE_ITEMS": "0/min"}
    assert conforms(device.deliver(make_item()), DELIVERIES) == 429


def test_requests(document):
    """What our client's tests send is an envelope as described."""
    resource = Resource(contents=document, specification=DRAFT202012)
    registry = Registry().with_resource("urn:schema", resource)
    validator = Draft202012Validator({"$ref": "urn:schema#/components/schemas/Envelope"}, registry=registry)
    for item in (make_item(), make_item(lane="", after=None, seq=None, send_count=1)):
        validator.validate({"protocol": 1, "client": {"id": str(uuid.uuid4())}, "items": [item], "awaiting": []})

    assert not validator.is_valid({"protocol": 2, "client": {"id": str(uuid.uuid4())}, "items": []})
    assert not validator.is_valid({"protocol": 1, "items": []})


def test_settings_of_the_project_do_not_matter(document, device, settings):
    """The document is ours, whatever the project does with drf-spectacular, and leaves nothing behind."""
    from drf_spectacular.settings import spectacular_settings

    from django_bgsync.api.openapi import document as make

    make.cache_clear()
    settings.SPECTACULAR_SETTINGS = {"TITLE": "Shop", "OAS_VERSION": "3.0.3", "SCHEMA_PATH_PREFIX": "/shop"}

    assert read(device.http.get(SCHEMA)) == document
    assert document["info"]["title"] != spectacular_settings.TITLE


def test_another_prefix(device, settings):
    """The paths are those of the project."""
    settings.ROOT_URLCONF = "tests.app.root_urls"

    assert f"/deep/er{DELIVERIES.removeprefix('/bgsync')}" in read(device.http.get("/deep/er/v1/schema/"))["paths"]


def test_who_may_see_it(visitor, device, settings):
    """It is shown to whoever may sync, as any other answer of the API."""
    assert code_of(visitor.http.get(SCHEMA)) == (401, "not_authenticated")
    assert device.http.get(SCHEMA)["X-BGSync"] == "1"
    settings.BGSYNC = {"PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"]}
    assert code_of(device.http.get(SCHEMA)) == (403, "permission_denied")


def test_without_drf_spectacular(device, monkeypatch):
    """Without the extra there is no document, and everything else works."""
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    for name in [name for name in sys.modules if name.partition(".")[0] == "drf_spectacular"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "drf_spectacular", None)

    assert code_of(device.http.get(SCHEMA)) == (404, "schema_unavailable")
    assert device.deliver(make_item()).status_code == 200


def test_a_parked_item_asked_about(document, device, conforms):
    """News of an item that somebody works on, waits or is done has one shape."""
    item = script("fail", "apply")
    device.send(item)
    make_due(item)

    assert conforms(device.deliver(awaiting=[item["id"]]), DELIVERIES) == 200
    assert SyncClient.objects.count() == 1
