"""GET v1/session/: whose session this is, for users and visitors."""

from __future__ import annotations

import re
from datetime import datetime
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from django_bgsync import owners
from django_bgsync.handlers import registry
from django_bgsync.models import OwnerSalt
from tests.deliveries import LIMITS, SESSION, Device, read

TAGS = sorted(registry.keys() - {"staff"})  # which only admins may use
"""Not "staff": its handler has permission classes."""
FEEDS = [{"name": "numbers", "min_interval": 6 * 3600}, {"name": "told", "min_interval": 12 * 3600}]


def test_signed_in(device):
    """The whole document for a signed-in user."""
    before = timezone.now().replace(microsecond=0)
    response = device.http.get(SESSION)
    document = read(response)

    assert before <= datetime.fromisoformat(document.pop("server_time")) <= timezone.now()
    assert len(document.pop("csrf_token")) == 64
    assert re.fullmatch(r"[\w-]{22}", document.pop("owner"))
    assert document == {"bgsync": 1, "authenticated": True, "limits": LIMITS, "tags": TAGS, "feeds": FEEDS}
    assert (response["Content-Type"], response["X-BGSync"], response["Cache-Control"]) == (
        "application/json",
        "1",
        "no-store",
    )


def test_visitor(visitor):
    """A visitor is answered too, without owner and tags."""
    document = read(visitor.http.get(SESSION))

    assert (document["authenticated"], document["owner"], document["tags"], document["feeds"]) == (
        False,
        None,
        [],
        [],
    )
    assert document["limits"] == LIMITS


@pytest.mark.parametrize("anonymous", [None, "django.contrib.auth.models.AnonymousUser"])
def test_visitor_under_other_settings_of_drf(visitor, settings, anonymous):
    """What DRF makes of a request without a user does not matter."""
    settings.REST_FRAMEWORK = {"UNAUTHENTICATED_USER": anonymous}

    assert read(visitor.http.get(SESSION))["authenticated"] is False


def test_owner_key_is_stable(user, device, other):
    """The owner key is the same in every session of a user, another for another, and tells nothing of the user."""
    key = device.owner_key

    assert Device(user).owner_key == key
    assert other.owner_key not in {key, None}
    assert str(user.pk) != key


def test_owner_key_after_a_flush(device, monkeypatch):
    """A database that lost its salt gets a new one, once, and after a minute every process knows."""
    before = device.owner_key
    OwnerSalt.objects.all().delete()
    assert device.owner_key == before

    monkeypatch.setattr(owners.salt, "read_at", owners.salt.read_at - owners.SALT_KEPT)
    assert device.owner_key == device.owner_key != before
    assert OwnerSalt.objects.count() == 1


def test_salt_of_a_new_database(db):
    """The migration makes it, before any process can ask for it, and never a second one."""
    OwnerSalt.objects.all().delete()
    migration = import_module("django_bgsync.migrations.0002_owner_salt")
    editor = SimpleNamespace(connection=connection)
    migration.make_salt(apps, editor)
    salt = OwnerSalt.objects.get().salt
    migration.make_salt(apps, editor)

    assert OwnerSalt.objects.get().salt == salt


def test_csrf_token_works(user):
    """The token of the session is the one that a delivery needs, for users and for visitors who then sign in."""
    device = Device(user, enforce_csrf_checks=True)
    token = device.http.get(SESSION).json()["csrf_token"]

    assert device.post("/bgsync/v1/deliveries/", device.envelope()).status_code == 403
    assert read(device.post("/bgsync/v1/deliveries/", device.envelope(), X_CSRFToken=token))["results"] == []


def test_limits_are_the_configured_ones(visitor, settings):
    """The session announces what deliveries are held to."""
    settings.BGSYNC = {
        "MAX_ITEMS": 1,
        "MAX_BYTES": 2,
        "MAX_ITEM_BYTES": 3,
        "MAX_FILES": 4,
        "MAX_FILE_BYTES": 5,
        "MAX_DELIVERY_FILE_BYTES": 6,
    }

    assert read(visitor.http.get(SESSION))["limits"] == {
        "max_items": 1,
        "max_bytes": 2,
        "max_item_bytes": 3,
        "max_files": 4,
        "max_file_bytes": 5,
        "max_delivery_file_bytes": 6,
    }
