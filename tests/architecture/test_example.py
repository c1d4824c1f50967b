"""The example is written with what any project may use: the public names of the package."""

from __future__ import annotations

from pathlib import Path

import django_bgsync

from .imports import Import, imports_of

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "django_bgsync"
PUBLIC_MODULES = (f"{PACKAGE}.urls", f"{PACKAGE}.views", f"{PACKAGE}.testing", f"{PACKAGE}.signals")


def test_example_uses_public_names():
    """The example imports from the package itself, or from a module whose names are public."""
    assert [str(found) for found in imports_of(ROOT / "example_project") if not is_public(found)] == []


def test_public_names_exist():
    """Every name in `__all__` is there, and none is offered twice."""
    offered = django_bgsync.__all__

    assert [name for name in offered if not hasattr(django_bgsync, name)] == []
    assert sorted(set(offered)) == offered


def test_nothing_shadows_the_package():
    """`static/` and `templates/` come before the apps': a file of ours there would replace the package's own."""
    assert [str(path) for folder in ("static", "templates") for path in (ROOT / folder).rglob(PACKAGE)] == []


def is_public(found: Import) -> bool:
    if found.target == PACKAGE:
        return found.name in django_bgsync.__all__
    return not found.reaches(PACKAGE) or found.target in PUBLIC_MODULES
