"""The client keeps its layers: `shared` knows neither page nor worker, and they do not know each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "client" / "src"
IMPORT = re.compile(r"""(?:\bfrom\s*|\bimport\s*\(?\s*)["']([^"']+)["']""")

MAY_IMPORT = {"shared": {"shared"}, "page": {"page", "shared"}, "worker": {"worker", "shared"}}
KNOW_THE_DATABASE = {"shared/schema.ts", "shared/outbox.ts"}


def test_client_layers():
    """No import of the client is against the table."""
    assert list(violations(SOURCE)) == []


@pytest.mark.parametrize(
    ("module", "line", "expected"),
    [
        ("shared/flush.ts", 'import {api} from "../page/api";', "shared/flush.ts imports page/api"),
        ("page/api.ts", 'import type {Event} from "../worker/index";', "page/api.ts imports worker/index"),
        ("worker/index.ts", 'export * from "../page/index";', "worker/index.ts imports page/index"),
        ("shared/flush.ts", 'const {openDB} = await import("idb");', "shared/flush.ts imports idb"),
        ("page/api.ts", "import {\n  other,\n} from 'leftpad';", "page/api.ts imports leftpad"),
    ],
)
def test_violation_is_noticed(tmp_path, module, line, expected):
    """One line against the rules is one sentence."""
    path = tmp_path / module
    path.parent.mkdir()
    path.write_text(f'import {{messages}} from "../shared/messages";\n{line}\n')

    assert list(violations(tmp_path)) == [expected]


def violations(source: Path) -> Iterator[str]:
    for path in sorted(source.rglob("*.ts")):
        module = path.relative_to(source).as_posix()
        for target in IMPORT.findall(path.read_text(encoding="utf-8")):
            if not is_allowed(module, resolve(source, path, target)):
                yield f"{module} imports {resolve(source, path, target)}"


def resolve(source: Path, path: Path, target: str) -> str:
    """A relative import as a path from the source directory; a package by its name."""
    if not target.startswith("."):
        return target
    return (path.parent / target).resolve().relative_to(source.resolve()).as_posix()


def is_allowed(module: str, target: str) -> bool:
    if target == "idb":
        return module in KNOW_THE_DATABASE
    return target.partition("/")[0] in MAY_IMPORT[module.partition("/")[0]]
