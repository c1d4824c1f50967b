"""Sites whose requests prove who sends them by a header, as DRF's TokenAuthentication has it."""

from __future__ import annotations

import pytest
from rest_framework.authtoken.models import Token

from tests.app.bgsync import ANSWER
from tests.deliveries import DELIVERIES, ITEMS, SESSION, Device, code_of, make_item, read, result


@pytest.fixture
def device(user, settings) -> Device:
    settings.BGSYNC = {"AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"]}
    return Device(enforce_csrf_checks=True)


@pytest.fixture
def authorization(user) -> str:
    return f"Token {Token.objects.create(user=user)}"


def test_with_its_token(device, authorization):
    """Session, delivery and question are answered without a cookie and without a CSRF token, all for one owner."""
    session = read(device.http.get(SESSION, headers={"Authorization": authorization}))
    item = make_item()
    envelope = device.envelope(item, owner=session["owner"])
    answer = read(device.post(DELIVERIES, envelope, Authorization=authorization))
    asked = device.http.get(f"{ITEMS}?id={item['id']}", headers={"Authorization": authorization})

    assert session["authenticated"] is True
    assert answer["owner"] == session["owner"]
    assert answer["results"] == [result(item, result=ANSWER)]
    assert read(asked)["results"] == [result(item, result=ANSWER, replayed=True)]


def test_without_it(device, authorization):
    """A worker that lacks the page's header is told to sign in, and its session is nobody's."""
    session = read(device.http.get(SESSION))

    assert (session["authenticated"], session["owner"]) == (False, None)
    assert code_of(device.post(DELIVERIES, device.envelope(make_item()))) == (401, "not_authenticated")
