"""The layers of the package as data, and what the source says against them.

The table is the one of docs/explanation/architecture.md. A module imports from its own line, without cycles, and from
lines below.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from .imports import Import, is_within

PACKAGE = "django_bgsync"


@dataclass(frozen=True)
class Line:
    """One line of the table: modules and packages of equal standing."""

    name: str
    members: str
    strangers: bool = False
    """Its members never import each other."""


LINES = (  # top first
    Line("wiring", "apps checks urls"),
    Line("edges", "api views admin management templatetags", strangers=True),
    Line(
        "domain",
        "operations reports printing testing idempotency feeds service_worker receiving applying upkeep runners",
    ),
    Line(
        "registry and data",
        "handlers drf tallies owners files database rows querysets models storage migrations",
    ),
    Line("configuration", "conf"),
    Line(
        "vocabulary",
        "enums exceptions protocol canonical fields identity backoff histograms outboxes signals milestones",
    ),
)
WITHOUT_FRAMEWORK = ("protocol", "canonical", "fields", "identity", "backoff", "histograms", "outboxes")
DEPENDENCIES = ("django", "rest_framework", "django_q", "whitenoise", "pytest", "drf_spectacular")
CONFINED = {  # these are imported nowhere else
    "rest_framework": ("drf", "api"),
    "pytest": ("testing.fixtures",),
    "django_q": ("runners.django_q",),
    "drf_spectacular": ("api.openapi",),  # an extra: nothing imports that module until the schema is asked for
}
ONLY_IN_FUNCTIONS = ("django_q",)  # importing it reads settings and warns


def violations(imports: Iterable[Import]) -> list[str]:
    """Everything the imports do against the rules, one sentence each."""
    imports = list(imports)
    rules = (against_lines, against_facade, cycles, against_confinement, against_dependencies, against_framework)
    return list(dict.fromkeys(sentence for rule in rules for sentence in rule(imports)))


def against_lines(imports: list[Import]) -> Iterator[str]:
    for found in imports:
        importer, target = member(found.importer), member(found.target)
        if importer and target and importer != target:
            above, below = rank(importer), rank(target)
            if above is None or below is None:
                yield f"{found}: {target if below is None else importer} stands on no line"
            elif above > below:
                yield f"{found}: {LINES[above].name} lies below {LINES[below].name}"
            elif above == below and LINES[above].strangers:
                yield f"{found}: {LINES[above].name} do not know each other"


def against_facade(imports: list[Import]) -> Iterator[str]:
    """`__init__` hands out names when asked, and only to others: loading it must not need the app registry."""
    for found in imports:
        if found.importer == PACKAGE and found.reaches(PACKAGE) and not (found.lazy or found.typing):
            yield f"{found}: the package itself imports lazily"
        if member(found.importer) and found.target == PACKAGE:
            yield f"{found}: inside the package, import from the module a name lives in"


def cycles(imports: list[Import]) -> Iterator[str]:
    graph: dict[str, set[str]] = {}
    for found in imports:
        if found.reaches(PACKAGE) and not found.typing:
            graph.setdefault(found.importer, set()).add(found.target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        yield f"cycle: {' -> '.join(reversed(error.args[1]))}"


def against_confinement(imports: list[Import]) -> Iterator[str]:
    for found in imports:
        if found.typing:
            continue
        for library, homes in CONFINED.items():
            if found.reaches(library) and not any(is_within(found.importer, f"{PACKAGE}.{home}") for home in homes):
                yield f"{found}: only {' and '.join(homes)} may"
        if any(map(found.reaches, ONLY_IN_FUNCTIONS)) and not found.lazy:
            yield f"{found}: only inside functions"


def against_dependencies(imports: list[Import]) -> Iterator[str]:
    for found in imports:
        if not (is_standard(found) or any(map(found.reaches, (PACKAGE, *DEPENDENCIES)))):
            yield f"{found}: neither the standard library nor a dependency"


def against_framework(imports: list[Import]) -> Iterator[str]:
    """These import the standard library and the words of the line they stand on, no more."""
    for found in imports:
        if member(found.importer) in WITHOUT_FRAMEWORK and not (is_standard(found) or found.reaches(PACKAGE)):
            yield f"{found}: {', '.join(WITHOUT_FRAMEWORK)} know no framework"


def is_standard(found: Import) -> bool:
    return found.target.partition(".")[0] in sys.stdlib_module_names


def member(module: str) -> str:
    """The entry of the table a module belongs to; "" for the package itself and for what lies outside."""
    package, _, rest = module.partition(".")
    return rest.partition(".")[0] if package == PACKAGE else ""


def rank(name: str) -> int | None:
    return next((number for number, line in enumerate(LINES) if name in line.members.split()), None)
