"""Registering handlers, and the package's public names."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

import django_bgsync
from django_bgsync import Conflict, Rejected, RetryLater, handlers
from tests.app.bgsync import keep


@pytest.fixture
def registry(monkeypatch):
    """A registry of its own."""
    registry = handlers.Registry()
    monkeypatch.setattr(handlers, "registry", registry)
    return registry


def publish(item):
    """A handler."""


def test_autodiscovery():
    """The handlers in an app's bgsync.py are registered when Django starts."""
    handler = handlers.registry["note"]

    assert (handler.function, handler.path) == (keep, "tests.app.bgsync.keep")
    assert (handler.title, handler.description, handler.max_attempts) == ("Notes", "Keeps <b>notes</b>.", 8)


def test_decorated_function_is_left_as_it_is(registry):
    """The decorator returns the function itself, so that others can call it."""
    assert handlers.sync_handler("post")(publish) is publish


def test_stacked_decorators(registry):
    """One function may serve an old and a new tag."""
    handlers.sync_handler("new", max_attempts=3)(handlers.sync_handler("old")(publish))

    assert {tag: (each.function, each.max_attempts) for tag, each in registry.items()} == {
        "old": (publish, 8),
        "new": (publish, 3),
    }
    assert len(registry) == 2


def test_two_handlers_for_one_tag(registry):
    """The first function for a tag stays, and a system check tells of the second: one of them would lose items."""
    handlers.sync_handler("post")(publish)
    handlers.sync_handler("post")(keep)

    assert registry["post"].function is publish
    assert [(kept.function, other.function) for kept, other in registry.duplicates] == [(publish, keep)]


def test_reloaded_module(registry):
    """The same function once more, as when its module is reloaded, takes the former's place."""
    handlers.sync_handler("post")(publish)
    handlers.sync_handler("post", max_attempts=3)(publish)

    assert registry["post"].max_attempts == 3


@pytest.mark.parametrize("tag", ["", "Post", "-post", "po st", "http:view", "x" * 65, "post\n"])
def test_bad_tag(registry, tag):
    """A tag that clients could not send is refused at import."""
    with pytest.raises(ImproperlyConfigured, match=r"does not match \[a-z0-9\]"):
        handlers.sync_handler(tag)
    assert not registry


@pytest.mark.parametrize("name", django_bgsync.__all__)
def test_public_names(name):
    """Every name in __all__ is there."""
    assert getattr(django_bgsync, name).__name__ == name


def test_unknown_name():
    """Another name is an AttributeError as of any module."""
    with pytest.raises(AttributeError, match="module 'django_bgsync' has no attribute 'nothing'"):
        _ = django_bgsync.nothing


def test_import_needs_no_settings():
    """The package can be imported before Django is set up, as Django itself does."""
    code = "import django_bgsync, django_bgsync.exceptions; print(len(django_bgsync.__all__))"
    said = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout == f"{len(django_bgsync.__all__)}\n"


def test_verdicts():
    """The exceptions keep what the handler says, as text and data."""
    rejected = Rejected("Sold out.", code="sold_out", extra={"left": 0})
    conflict = Conflict("Changed.", current={"text": "theirs"})
    later = RetryLater(5, "Closed.")

    assert (rejected.detail, rejected.code, rejected.extra, str(rejected)) == (
        "Sold out.",
        "sold_out",
        {"left": 0},
        "Sold out.",
    )
    assert (conflict.detail, conflict.current) == ("Changed.", {"text": "theirs"})
    assert (later.after, later.detail) == (5.0, "Closed.")
    assert (Rejected().detail, Rejected().code, Conflict().current) == ("", "rejected", None)


def test_retry_later_needs_a_number():
    """Forgetting the seconds is an error where it is made."""
    with pytest.raises(ValueError, match="could not convert"):
        RetryLater("soon")
