"""BGSYNC: defaults, and that every access reads the present settings."""

from __future__ import annotations

from datetime import timedelta

import pytest

from django_bgsync import conf

DEFAULTS = {
    "MAX_ITEMS": 100,
    "MAX_BYTES": 1024 * 1024,
    "MAX_ITEM_BYTES": 256 * 1024,
    "MAX_FILES": 20,
    "MAX_FILE_BYTES": 10 * 1024 * 1024,
    "MAX_DELIVERY_FILE_BYTES": 50 * 1024 * 1024,
    "MAX_JSON_DEPTH": 64,
    "PERMISSION_CLASSES": ("rest_framework.permissions.IsAuthenticated",),
    "AUTHENTICATION_CLASSES": None,
}


@pytest.mark.parametrize(("name", "value"), DEFAULTS.items())
def test_defaults(name, value):
    """Without BGSYNC the contract's defaults hold."""
    assert getattr(conf.settings, name) == value


@pytest.mark.parametrize("name", DEFAULTS)
def test_configured(settings, name):
    """What BGSYNC says wins, as soon as it says it, also when it is nothing."""
    settings.BGSYNC = {name: 0}
    assert getattr(conf.settings, name) == 0
    del settings.BGSYNC
    assert getattr(conf.settings, name) == DEFAULTS[name]


def test_unknown_name():
    """A setting that does not exist is an error, not None."""
    with pytest.raises(AttributeError, match="MAX_ITEM"):
        _ = conf.settings.MAX_ITEM


def test_backoff():
    """The waits' figures, in seconds."""
    assert conf.backoff() == {"first": 5.0, "factor": 5.0, "cap": 21600.0}


def test_backoff_partly_configured(settings):
    """What BACKOFF leaves out keeps its default; a duration may be a timedelta or seconds."""
    settings.BGSYNC = {"BACKOFF": {"first": timedelta(minutes=1), "cap": 90}}

    assert conf.backoff() == {"first": 60.0, "factor": 5.0, "cap": 90.0}


def test_service_worker(settings):
    """Each option has a default of its own."""
    settings.BGSYNC = {"SERVICE_WORKER": {"SCOPE": "/shop/"}}

    assert [conf.service_worker(option) for option in ("ENABLED", "REGISTER", "SCOPE")] == [True, True, "/shop/"]
