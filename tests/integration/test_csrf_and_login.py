"""Who may deliver: sessions, tokens, CSRF, permissions, and the projects' settings around them."""

from __future__ import annotations

import pytest
from django.http import Http404
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import IsAdminUser
from rest_framework.renderers import BrowsableAPIRenderer
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.versioning import AcceptHeaderVersioning
from rest_framework.views import APIView

from django_bgsync.models import SyncItem
from tests.app.bgsync import ANSWER
from tests.deliveries import (
    DELIVERIES,
    ITEMS,
    SESSION,
    Device,
    code_of,
    make_item,
    problem_of,
    read,
    result,
)

AUTHENTICATION = "tests.app.authentication"
LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"
BASIC = "rest_framework.authentication.BasicAuthentication"
SESSIONS = "rest_framework.authentication.SessionAuthentication"


@pytest.fixture(params=[True, False], ids=["debug", "production"], autouse=True)
def debug(request, settings):
    settings.DEBUG = request.param


@pytest.mark.parametrize(
    "authenticators", [None, [SESSIONS], [BASIC, SESSIONS], [f"{AUTHENTICATION}.NameAuthentication"]]
)
@pytest.mark.parametrize(("method", "path"), [("POST", DELIVERIES), ("POST", ITEMS), ("GET", f"{ITEMS}?state=open")])
def test_not_authenticated(visitor, settings, authenticators, method, path):
    """Without a session it is a 401 with our challenge, whatever the authenticators would say."""
    settings.BGSYNC = {"AUTHENTICATION_CLASSES": authenticators}
    response = visitor.http.generic(method, path, b"{", "application/json")

    assert response["WWW-Authenticate"] == "BGSync"
    assert problem_of(response) == {
        "title": "Sign in first.",
        "status": 401,
        "code": "not_authenticated",
        "detail": "Sign in first.",
    }


@pytest.mark.parametrize("header", ["Name nobody", "Basic !", "Name"])
def test_failed_authentication(visitor, settings, header):
    """Credentials that are wrong are a 401 as none are."""
    settings.BGSYNC = {"AUTHENTICATION_CLASSES": [f"{AUTHENTICATION}.NameAuthentication", BASIC]}
    response = visitor.post(DELIVERIES, visitor.envelope(make_item()), Authorization=header)

    assert code_of(response) == (401, "not_authenticated")
    assert response["WWW-Authenticate"] == "BGSync"


def test_token(user, settings):
    """A project's own authenticator is enough, without any CSRF token."""
    settings.BGSYNC = {"AUTHENTICATION_CLASSES": [f"{AUTHENTICATION}.NameAuthentication"]}
    device, item = Device(enforce_csrf_checks=True), make_item()
    response = device.post(DELIVERIES, device.envelope(item), Authorization="Name ada")

    assert read(response)["results"] == [result(item, result=ANSWER)]
    assert SyncItem.objects.get().user == user


def test_inactive_user_with_a_token(user, settings):
    """A user who is not active has their items forbidden, even where the authenticator lets them in."""
    settings.BGSYNC = {"AUTHENTICATION_CLASSES": [f"{AUTHENTICATION}.NameAuthentication"]}
    user.is_active = False
    user.save()
    response = Device().post(ITEMS, make_item(), Authorization="Name ada")

    assert read(response, 422)["code"] == "forbidden"


@pytest.mark.parametrize("change", ["deactivated", "deleted", "logged out"])
def test_session_that_ended(user, device, change):
    """A session whose user is gone is no session."""
    if change == "deactivated":
        user.is_active = False
        user.save()
    elif change == "deleted":
        user.delete()
    else:
        device.http.logout()

    assert code_of(device.deliver(make_item())) == (401, "not_authenticated")
    assert read(device.http.get(SESSION))["authenticated"] is False


@pytest.mark.parametrize("path", [DELIVERIES, ITEMS])
@pytest.mark.parametrize("token", [None, "", "wrong", "x" * 32, "x" * 64])
def test_csrf_is_enforced(user, path, token):
    """A session alone may not deliver: the CSRF token must come with it."""
    device = Device(user, enforce_csrf_checks=True)
    device.http.get(SESSION)
    headers = {} if token is None else {"X_CSRFToken": token}
    response = device.post(path, device.envelope(make_item()), **headers)

    assert code_of(response) == (403, "csrf_failed")
    assert not SyncItem.objects.exists()


def test_csrf_token_in_the_body_does_not_count(user):
    """A form from elsewhere that guesses the token's field is refused without being read."""
    device = Device(user, enforce_csrf_checks=True)
    token = device.http.get(SESSION).json()["csrf_token"]
    response = device.http.post(DELIVERIES, {"csrfmiddlewaretoken": token, "envelope": "{}"})

    assert code_of(response) == (403, "csrf_failed")


def test_origin_of_somebody_else(user):
    """A request that another site's page makes is refused, token or not."""
    device = Device(user, enforce_csrf_checks=True)
    token = device.http.get(SESSION).json()["csrf_token"]
    response = device.post(
        DELIVERIES, device.envelope(make_item()), X_CSRFToken=token, Origin="https://elsewhere.example"
    )

    assert code_of(response) == (403, "csrf_failed")


@pytest.mark.parametrize("name", ["IsAdminUser", f"{AUTHENTICATION}.Nobody", "the class itself"])
def test_permission_denied(device, settings, name):
    """Who may not sync gets a 403, and nothing is stored."""
    classes = {"IsAdminUser": "rest_framework.permissions.IsAdminUser", "the class itself": IsAdminUser}
    settings.BGSYNC = {"PERMISSION_CLASSES": [classes.get(name, name)]}

    assert code_of(device.deliver(make_item())) == (403, "permission_denied")
    assert read(device.http.get(SESSION))["authenticated"] is True
    assert not SyncItem.objects.exists()


def test_throttled_by_the_project(device, settings):
    """A throttle of the project's is a 429 that says how long to wait."""
    settings.BGSYNC = {"AUTHENTICATION_CLASSES": [f"{AUTHENTICATION}.BusyAuthentication"]}
    response = device.deliver(make_item())

    assert code_of(response) == (429, "throttled")
    assert response["Retry-After"] == "13"


@pytest.mark.parametrize("authenticators", [None, [f"{AUTHENTICATION}.NameAuthentication"]])
def test_login_required_middleware(device, visitor, settings, authenticators):
    """Under LoginRequiredMiddleware nothing of ours is redirected to a login page."""
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, LOGIN_REQUIRED]
    item = make_item()

    assert device.send(item) == [result(item, result=ANSWER)]
    assert code_of(visitor.deliver(item)) == (401, "not_authenticated")
    assert read(visitor.http.get(SESSION))["authenticated"] is False
    settings.BGSYNC = {"AUTHENTICATION_CLASSES": authenticators}
    assert visitor.post(DELIVERIES, visitor.envelope(item), Authorization="Name ada").status_code == (
        401 if authenticators is None else 200
    )


class OnceAnHour(SimpleRateThrottle):
    rate = "0/hour"

    def get_cache_key(self, request, view):
        return "everybody"


def explode(*args, **kwargs):
    raise AssertionError("The project's exception handler was asked.")


def test_settings_of_drf_do_not_matter(device, visitor, settings, monkeypatch):
    """Parsers, renderers, permissions, throttles, versions and exception handlers of the project are not ours."""
    settings.REST_FRAMEWORK = {"EXCEPTION_HANDLER": f"{__name__}.explode", "UNAUTHENTICATED_USER": None}
    # read once, when APIView is defined
    monkeypatch.setattr(APIView, "parser_classes", [MultiPartParser])
    monkeypatch.setattr(APIView, "renderer_classes", [BrowsableAPIRenderer])
    monkeypatch.setattr(APIView, "permission_classes", [IsAdminUser])
    monkeypatch.setattr(APIView, "throttle_classes", [OnceAnHour])
    monkeypatch.setattr(APIView, "versioning_class", AcceptHeaderVersioning)
    item = make_item()

    assert device.send(item) == [result(item, result=ANSWER)]
    assert code_of(device.post(DELIVERIES, b"?", Accept="application/json; version=9")) == (400, "invalid_envelope")
    assert code_of(visitor.deliver(item)) == (401, "not_authenticated")


def test_permission_of_the_project_raises_404(device, settings):
    """Http404 of a project's permission class is a problem document too."""

    class Hidden:
        def has_permission(self, request, view):
            raise Http404

    settings.BGSYNC = {"PERMISSION_CLASSES": [Hidden]}

    assert code_of(device.deliver()) == (404, "not_found")
