"""Faults of the server are a reason to wait for the client, and are not silent to the project."""

from __future__ import annotations

import logging

import pytest
from django.core.exceptions import SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.backends.utils import CursorWrapper
from django.http import UnreadablePostError

from django_bgsync.models import SyncItem
from django_bgsync.receiving import intake
from tests.app.bgsync import ANSWER
from tests.deliveries import DELIVERIES, ITEMS, SESSION, code_of, make_item, problem_of, result

ENDPOINTS = [("POST", DELIVERIES), ("POST", ITEMS), ("GET", f"{ITEMS}?state=open"), ("GET", SESSION)]


@pytest.fixture(params=[True, False], ids=["debug", "production"], autouse=True)
def debug(request, settings):
    settings.DEBUG = request.param


@pytest.fixture
def reported():
    """The exceptions that the project is told of, as error trackers are."""
    seen: list[object] = []

    def note(sender, request, **kwargs):
        seen.append(request.path)

    got_request_exception.connect(note)
    yield seen
    got_request_exception.disconnect(note)


def raising(error):
    def fail(*args, **kwargs):
        raise error

    return fail


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
@pytest.mark.parametrize("error", [OperationalError("down"), InterfaceError("closed"), DatabaseError("odd")])
def test_database_is_down(device, monkeypatch, reported, method, path, error):
    """Without a database every endpoint is a 503 with Retry-After."""
    with monkeypatch.context() as broken:
        broken.setattr(CursorWrapper, "execute", raising(error))
        response = device.http.generic(method, path, b"{}", "application/json")

    assert problem_of(response) == {
        "title": "The server cannot take items right now; keep them and try again.",
        "status": 503,
        "code": "unavailable",
        "detail": "The server cannot take items right now; keep them and try again.",
    }
    assert response["Retry-After"] == "30"
    assert reported == []


def test_database_is_back(device, monkeypatch):
    """An item that met no database is applied when it is sent again."""
    item = make_item()
    with monkeypatch.context() as broken:
        broken.setattr(CursorWrapper, "execute", raising(OperationalError("down")))
        assert device.deliver(item).status_code == 503

    assert device.send({**item, "send_count": 2}) == [result(item, result=ANSWER)]
    assert SyncItem.objects.count() == 1


def test_fault_of_ours(device, monkeypatch, reported, caplog):
    """A fault that nobody foresaw is a 503 for the client; it is logged, and error trackers are told."""
    monkeypatch.setattr(intake, "accept", raising(RuntimeError("a fault")))

    assert code_of(device.deliver(make_item())) == (503, "unavailable")
    assert reported == [DELIVERIES]
    [record] = [record for record in caplog.records if record.name == "django_bgsync"]
    assert (record.levelno, str(record.exc_info[1])) == (logging.ERROR, "a fault")


@pytest.mark.parametrize("error", [UnreadablePostError("gone"), SuspiciousOperation("odd")])
def test_request_that_breaks_off(device, monkeypatch, error):
    """A request whose body never arrives is a 400."""
    monkeypatch.setattr("django.core.handlers.wsgi.WSGIRequest.read", raising(error))

    assert code_of(device.deliver(make_item())) == (400, "invalid_envelope")
