"""The package keeps its layers, and the test that says so would notice if it did not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import django_bgsync

from .imports import imports_of, modules_of
from .layers import LINES, member, rank, violations

SOURCE = Path(django_bgsync.__file__).parent
DOCUMENTED = SOURCE.parent / "docs/explanation/architecture.md"


def test_layers():
    """No import of the package is against the table."""
    assert violations(imports_of(SOURCE)) == []


def test_every_module_has_a_line():
    """A module nobody imports yet has its place in the table as well."""
    assert [name for name, _ in modules_of(SOURCE) if member(name) and rank(member(name)) is None] == []


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_table_is_documented(line):
    """docs/explanation/architecture.md shows this table, as far as its modules exist."""
    page = DOCUMENTED.read_text(encoding="utf-8").splitlines()
    (row,) = (text for text in page if text.startswith(f"| {line.name} |"))
    existing = {member(name) for name, _ in modules_of(SOURCE)}

    assert set(re.findall(r"`(\w+)`", row)) == existing & set(line.members.split())


@pytest.mark.parametrize(
    ("module", "source", "expected"),
    [
        ("models.py", "from django_bgsync.feeds import pull", "registry and data lies below domain"),
        ("models.py", "def save():\n    from . import feeds", "registry and data lies below domain"),
        ("models.py", "if TYPE_CHECKING:\n    import django_bgsync.feeds", "registry and data lies below domain"),
        ("api/items.py", "from ..admin import site", "edges do not know each other"),
        ("api/__init__.py", "from .. import admin", "edges do not know each other"),
        ("receiving.py", "from .extras import thing", "extras stands on no line"),
        ("receiving.py", "from .applying import apply", "cycle: "),
        ("receiving.py", "from django_bgsync import Item", "import from the module a name lives in"),
        ("__init__.py", "from .models import SyncItem", "the package itself imports lazily"),
        ("views.py", "from rest_framework import status", "only drf and api may"),
        ("receiving.py", "def f():\n    import django_q.tasks", "only runners.django_q may"),
        ("runners/django_q.py", "from django_q.tasks import async_task", "only inside functions"),
        ("receiving.py", "import requests", "neither the standard library nor a dependency"),
        ("receiving.py", "from example_project.posts import models", "neither the standard library nor a dependency"),
        ("receiving.py", "import tests.settings", "neither the standard library nor a dependency"),
        ("protocol.py", "from django.utils import timezone", "know no framework"),
    ],
)
def test_violation_is_noticed(tmp_path, module, source, expected):
    """One line against the rules, in a tree that keeps them otherwise, is one sentence."""
    package = plant(tmp_path, {module: source})

    (sentence,) = violations(imports_of(package))

    assert expected in sentence


def test_what_is_allowed(tmp_path):
    """The tree the violations are planted in keeps the rules itself."""
    assert violations(imports_of(plant(tmp_path, {}))) == []


SOUND = {
    "__init__.py": "def __getattr__(name):\n    from . import handlers",
    "apps.py": "from . import checks",
    "checks.py": "from .api import items",
    "admin/__init__.py": "from django_bgsync import reports",
    "api/items.py": "from rest_framework.views import APIView\nfrom ..receiving import accept\nfrom . import shapes",
    "api/shapes.py": "import json",
    "applying.py": "from .receiving import accept",
    "receiving.py": "from .models import SyncItem",
    "feeds.py": "",
    "extras.py": "",
    "runners/django_q.py": "def push():\n    from django_q.tasks import async_task",
    "handlers.py": "from .drf import validate\nif TYPE_CHECKING:\n    from rest_framework import serializers",
    "drf.py": "from rest_framework import serializers",
    "reports.py": "from .models import SyncItem",
    "models.py": "from .querysets import ItemQuerySet",
    "querysets.py": "if TYPE_CHECKING:\n    from .models import SyncItem",
    "protocol.py": "from .exceptions import Rejected\nimport json",
    "exceptions.py": "import typing",
    "enums.py": "from django.db.models import TextChoices",
}


def plant(root: Path, extra: dict[str, str]) -> Path:
    """Write a small package that keeps the rules, with `extra` lines added to some of its modules."""
    package = root / "django_bgsync"
    for module in {**SOUND, **extra}:
        path = package / module
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{SOUND.get(module, '')}\n{extra.get(module, '')}\n")
    return package
