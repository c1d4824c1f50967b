"""The wire as both sides have it: the JSON files that the client's tests read are what the server reads and writes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from django_bgsync import exceptions
from django_bgsync.enums import DISPOSITIONS, Code
from django_bgsync.idempotency.refusals import problem_response
from django_bgsync.protocol import read_envelope, read_item
from tests.deliveries import DELIVERIES, SESSION, code_of, make_item, read, script
from tests.pulling import pull

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "protocol"
ERRORS = {
    error.code: error
    for error in vars(exceptions).values()
    if isinstance(error, type) and issubclass(error, exceptions.EnvelopeError) and error is not exceptions.EnvelopeError
}


def fixture(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_text())


def shape(value: Any) -> Any:
    """The members of an object and the types of their values, of a list the shapes that occur."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return "list"
    return re.sub(r"\d", "0", value) if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value) else type(value)


@pytest.mark.parametrize("name", ["request-minimal", "request-full"])
def test_requests_are_read(name):
    """What the client sends is an envelope of well-formed items."""
    envelope = read_envelope(fixture(name))

    assert [read_item(raw, max_depth=64).fault for raw in envelope.items] == [None] * len(envelope.items)


@pytest.mark.parametrize("name", ["request-minimal", "request-full"])
def test_requests_are_answered(device, name):
    """What the client sends is answered item by item, as soon as the owner is the session's."""
    request = fixture(name)
    if "owner" in request:
        assert code_of(device.post(DELIVERIES, request)) == (409, "wrong_owner")
        request["owner"] = device.owner_key
    answer = read(device.post(DELIVERIES, request))

    assert [each["id"] for each in answer["results"]] == [item["id"] for item in request["items"]]
    assert [each["id"] for each in answer["settled"]] == request.get("awaiting", [])


def test_answer_has_the_shape_the_client_reads(device):
    """An answer has the members of the client's example, of the same types."""
    answer = read(device.deliver(make_item()))
    example = fixture("answer")

    assert shape(answer) == shape(example)


def test_results_have_the_shape_the_client_reads(device):
    """A result has the members of the client's examples, in their order."""
    examples = fixture("answer")["results"]
    found = device.send(make_item(), script("fail"), make_item("typed", {}), script("conflict"), make_item("nobody"))

    assert {tuple(each) for each in found} == {tuple(example) for example in examples}
    for each in found:
        [example] = [example for example in examples if example["status"] == each["status"]]
        assert (each["disposition"], each["code"]) == (example["disposition"], example["code"])
        assert set(each["problem"] or {}) <= set(example["problem"] or {})


def test_examples_use_our_words():
    """Every status and code in the client's examples is one of the server's, with the same disposition."""
    answer = fixture("answer")

    for example in answer["results"] + answer["settled"]:
        assert DISPOSITIONS[example["status"]] == example["disposition"]
        assert example["code"] in Code.values


def test_session_has_the_shape_the_client_reads(device):
    """A session has the members of the client's example, of the same types."""
    assert shape(read(device.http.get(SESSION))) == shape(fixture("session"))


def test_feed_has_the_shape_the_client_reads(device):
    """A page of a feed has the members of the client's example, of the same types."""
    assert shape(read(pull(device))) == shape(fixture("feed"))


@pytest.mark.parametrize("example", fixture("problems"), ids=lambda example: example["body"]["code"])
def test_problems(example):
    """Every problem that the client knows is one the server makes: status, title, members and headers."""
    body, headers = example["body"], dict(example["headers"])
    extra = {name: value for name, value in body.items() if name not in {"status", "code", "title"}}
    retry_after = headers.get("Retry-After")
    error = ERRORS[body["code"]](retry_after=retry_after and int(retry_after), **extra)
    response = problem_response(error)
    document = json.loads(response.content)

    assert (response.status_code, response["Content-Type"]) == (example["status"], "application/problem+json")
    assert document.pop("detail")
    assert document == body
    assert {name: response[name] for name in headers} == headers
