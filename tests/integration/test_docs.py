"""The pages of docs/reference name what exists, all of it and nothing else."""

from __future__ import annotations

import dataclasses
import inspect
import re
from enum import EnumType
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import TextChoices

import django_bgsync
from django_bgsync import conf, enums
from django_bgsync.exceptions import EnvelopeError
from django_bgsync.urls import urlpatterns

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = ["README.md", *sorted(str(page.relative_to(ROOT)) for page in DOCS.glob("[th]*/*.md"))]

ENUM_TABLES = {
    enums.Status: ("http", "Statuses"),
    enums.Disposition: ("http", "Dispositions"),
    enums.Code: ("http", "Codes"),
    enums.Trigger: ("http", "Triggers"),
    enums.Context: ("http", "Contexts"),
    enums.ItemState: ("models", "States of an item"),
    enums.TagState: ("models", "States of a tag"),
    enums.Mode: ("python", "Modes"),
    enums.Hand: ("models", "Hands"),
    enums.Outcome: ("models", "Outcomes"),
    enums.PullOutcome: ("models", "Outcomes of a pull"),
    enums.Operation: ("models", "Operations"),
    enums.ActionState: ("models", "States of an action"),
    enums.NoteKind: ("models", "Notes"),
}


def section(page: str, heading: str) -> str:
    """The text below a heading, up to the next one, without code."""
    text = re.sub(r"^```.*?^```", "", (DOCS / "reference" / f"{page}.md").read_text(), flags=re.M | re.S)
    return re.split(r"^#+ ", text.partition(f"# {heading}\n")[2], maxsplit=1, flags=re.M)[0]


def column(page: str, heading: str, number: int = 0) -> list[str]:
    """One column of the table below a heading, code marks taken off."""
    rows = re.findall(r"^\| (.+) \|$", section(page, heading), flags=re.M)[2:]
    return [re.split(r" \| ", row)[number].replace("`", "").replace("\\", "") for row in rows]


def members(module: object) -> list[EnumType]:
    return [found for _, found in inspect.getmembers(module, inspect.isclass) if found.__module__ == module.__name__]


@pytest.mark.parametrize("enum", members(enums), ids=lambda enum: enum.__name__)
def test_enum_has_its_table(enum: type[TextChoices]):
    """Every state, status and code of the protocol has one row, in the order of the code."""
    assert column(*ENUM_TABLES[enum]) == enum.values


def test_statuses_lead_to_their_dispositions():
    """The table of statuses says what the client does with each."""
    documented = dict(zip(column("http", "Statuses"), column("http", "Statuses", 1), strict=True))

    assert documented == {status.value: disposition.value for status, disposition in enums.DISPOSITIONS.items()}


def test_problem_codes():
    """Every refusal of a delivery is listed with its HTTP status."""
    documented = zip(column("http", "Errors"), column("http", "Errors", 1), strict=True)

    assert sorted(documented) == sorted((str(error.status), error.code) for error in EnvelopeError.__subclasses__())


def test_urls():
    """Every path under the prefix is listed with its name."""
    documented = set(zip(column("http", "Paths", 1), column("http", "Paths", 2), strict=True))

    assert documented == {(str(route.pattern), f"django_bgsync:{route.name}") for route in urlpatterns}


def test_settings():
    """Every key of BGSYNC is listed, and every option of the two that are dicts."""
    assert sorted(column("settings", "Keys")) == sorted(conf.Settings.__annotations__)
    assert column("settings", "BACKOFF") == list(conf.BACKOFF_DEFAULTS)
    assert column("settings", "SERVICE_WORKER") == list(conf.SERVICE_WORKER_DEFAULTS)


def test_public_names():
    """Every name that `django_bgsync` offers is listed."""
    assert sorted(column("python", "Names")) == django_bgsync.__all__


def test_handler_options():
    """Every option of `sync_handler` is listed, in its order."""
    assert column("python", "sync_handler") == list(inspect.signature(django_bgsync.sync_handler).parameters)


def test_item_attributes():
    """Every attribute of the item that a handler gets is listed."""
    attributes = [field.name for field in dataclasses.fields(django_bgsync.Item)]

    assert column("python", "Item") == attributes


def test_models():
    """Every model is listed."""
    assert sorted(column("models", "Models")) == sorted(
        model.__name__ for model in apps.get_app_config("django_bgsync").get_models()
    )


def client_source(path: str) -> str:
    return (ROOT / "client" / "src" / path).read_text()


def test_browser_members():
    """Every public member of `window.bgsync` is listed."""
    members = re.findall(r"^    (?:async |get )?([a-z]\w+)[(<]", client_source("page/api.ts"), flags=re.M)

    documented = [member.partition("(")[0] for member in column("browser", "Members")]
    assert sorted(documented) == sorted(set(members) - {"constructor"})


@pytest.mark.parametrize(
    ("heading", "path", "union"),
    [("States", "shared/rows/schema.ts", "ItemState"), ("Errors", "shared/vocabulary/errors.ts", "ErrorCode")],
)
def test_browser_unions(heading: str, path: str, union: str):
    """Every state and every error code of the device is listed."""
    definition = re.search(rf"type {union} =([^;]+);", client_source(path))

    assert definition
    assert column("browser", heading) == re.findall(r'"(\w+)"', definition[1])


@pytest.mark.parametrize("page", PAGES)
def test_commands_exist(page: str):
    """Every `make` command that a page tells people to type is a target of the Makefile."""
    commands = set(re.findall(r"^make ([a-z0-9-]+)", (ROOT / page).read_text(), flags=re.M))
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), flags=re.M))

    assert commands <= targets


@pytest.mark.parametrize("page", PAGES)
def test_python_compiles(page: str):
    """Every block of Python on a page is Python."""
    for block in re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), flags=re.M | re.S):
        compile(block, page, "exec")


def test_readme_commands():
    """The README leads to the two commands that are enough, and stays short."""
    text = (ROOT / "README.md").read_text()

    assert {"demo", "test"} <= set(re.findall(r"^make ([a-z]+)", text, flags=re.M))
    assert len(text.splitlines()) <= 120
