"""What pages of other sites can make a browser send: refused before it is read."""

from __future__ import annotations

import json

import pytest

from django_bgsync.models import SyncItem
from tests.deliveries import DELIVERIES, ITEMS, SESSION, Device, code_of, make_item, read
from tests.uploads import form, parts_of, post_form

NAMES = ["tests.app.authentication.NameAuthentication"]


@pytest.fixture
def guarded(user):
    """A device whose browser holds a session, and whose server checks."""
    return Device(user, enforce_csrf_checks=True)


def a_form(device):
    return form(*parts_of(device.envelope(make_item())))


@pytest.mark.parametrize("path", [DELIVERIES, ITEMS])
@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
@pytest.mark.parametrize("everybody", [True, False])
def test_what_browsers_send_without_asking(guarded, settings, path, content_type, everybody):
    """Plain text and forms from anywhere are refused, whoever the sender may be."""
    if everybody:
        settings.BGSYNC = {"PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"]}
        guarded.http.logout()
    body = json.dumps(guarded.envelope(make_item()))
    response = guarded.http.generic("POST", path, body, content_type)

    assert code_of(response) == (403, "csrf_failed")


def test_form_of_a_visitor(db, settings):
    """DRF asks visitors for no token; a form needs one, or our header."""
    settings.BGSYNC = {"PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"]}
    visitor = Device(enforce_csrf_checks=True)
    token = visitor.http.get(SESSION).json()["csrf_token"]

    assert code_of(post_form(visitor, a_form(visitor))) == (403, "csrf_failed")
    assert not SyncItem.objects.exists()
    assert read(post_form(visitor, a_form(visitor), X_BGSync="1"))["results"]
    assert read(post_form(visitor, a_form(visitor), X_CSRFToken=token))["results"]


def test_form_with_a_token_of_the_project(user, settings):
    """The rule holds whatever the authenticator: a token in a header is not asked for by it."""
    settings.BGSYNC = {"AUTHENTICATION_CLASSES": NAMES}
    device = Device(enforce_csrf_checks=True)
    body = a_form(device)

    assert code_of(post_form(device, body, Authorization="Name ada")) == (403, "csrf_failed")
    assert read(post_form(device, body, Authorization="Name ada", X_BGSync="1"))["results"]


@pytest.mark.parametrize("value", ["", "0", "true"])
def test_another_value_of_the_header(guarded, value):
    """Only `X-BGSync: 1` counts."""
    assert code_of(post_form(guarded, a_form(guarded), X_BGSync=value)) == (403, "csrf_failed")


def test_our_header_is_no_token(guarded):
    """Where the session is what lets in, the header alone does not replace its CSRF token."""
    assert code_of(post_form(guarded, a_form(guarded), X_BGSync="1")) == (403, "csrf_failed")


@pytest.mark.parametrize("path", [DELIVERIES, ITEMS])
def test_cross_site(guarded, path):
    """What a browser says comes from another site is refused, JSON and token or not."""
    token = guarded.http.get(SESSION).json()["csrf_token"]
    headers = {"X_CSRFToken": token, "X_BGSync": "1"}
    response = guarded.post(path, guarded.envelope(make_item()), Sec_Fetch_Site="cross-site", **headers)

    assert code_of(response) == (403, "csrf_failed")
    assert not SyncItem.objects.exists()


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none"])
def test_our_own_pages(device, site):
    """Our own pages, and what somebody typed, are let through."""
    assert read(device.post(DELIVERIES, device.envelope(make_item()), Sec_Fetch_Site=site))["results"]


def test_reading_across_sites(device):
    """A question changes nothing, and its answer cannot be read elsewhere."""
    assert device.http.get(SESSION, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200
