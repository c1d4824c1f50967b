"""The client keeps its layers: `shared` knows nothing else; pages, workers and parts do not know each other.

Within `shared` a package imports from its own line, without cycles, and from lines below. The table is the one of
docs/explanation/architecture.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "client" / "src"
IMPORT = re.compile(r"""(?:\bfrom\s*|\bimport\s*\(?\s*)["']([^"']+)["']""")
TYPES = re.compile(r"\b(?:import|export) type [^;]*;")

MAY_IMPORT = {"shared": set(), "page": {"page", "shared"}, "worker": {"worker", "shared"}}
# A part knows its core, and is only known to the entry for npm, where a project's bundler decides what is loaded when.
CORE_OF = {"page-parts": "page", "worker-parts": "worker"}
KNOW_THE_PARTS = {"page/npm.ts": "page-parts", "worker/npm.ts": "worker-parts"}
KNOW_THE_DATABASE = {"shared/rows/promised.ts"}
SHARED = ("flushing requests feeds pages", "context", "outbox", "rows", "vocabulary")  # top first
RANK = {name: number for number, names in enumerate(SHARED) for name in names.split()}


def test_client_layers():
    """No import of the client is against the table."""
    assert list(violations(SOURCE)) == []


def test_no_cycles():
    """No module needs itself to be loaded first; types need nothing."""
    TopologicalSorter(needs(SOURCE)).prepare()


@pytest.mark.parametrize(
    ("module", "line", "expected"),
    [
        (
            "shared/flushing/flush.ts",
            'import {api} from "../../page/api";',
            "shared/flushing/flush.ts imports page/api",
        ),
        ("page/api.ts", 'import type {Event} from "../worker/index";', "page/api.ts imports worker/index"),
        ("worker/index.ts", 'export * from "../page/index";', "worker/index.ts imports page/index"),
        (
            "shared/rows/items.ts",
            'import type {Ending} from "../context/cause";',
            "shared/rows/items.ts imports shared/context/cause",
        ),
        (
            "shared/vocabulary/backoff.ts",
            'import {Pace} from "../flushing/pace";',
            "shared/vocabulary/backoff.ts imports shared/flushing/pace",
        ),
        ("shared/flush.ts", 'import {Pace} from "./flushing/pace";', "shared/flush.ts imports shared/flushing/pace"),
        (
            "shared/rows/items.ts",
            'const {openDB} = await import("idb-keyval");',
            "shared/rows/items.ts imports idb-keyval",
        ),
        ("page/api.ts", "import {\n  other,\n} from 'leftpad';", "page/api.ts imports leftpad"),
        (
            "page/start.ts",
            'import {start} from "../page-parts/engine/index";',
            "page/start.ts imports page-parts/engine/index",
        ),
        (
            "page-parts/engine/index.ts",
            'import {read} from "../feeds/index";',
            "page-parts/engine/index.ts imports page-parts/feeds/index",
        ),
        (
            "page-parts/engine/index.ts",
            'import {Project} from "../../worker/project";',
            "page-parts/engine/index.ts imports worker/project",
        ),
    ],
)
def test_violation_is_noticed(tmp_path, module, line, expected):
    """One line against the rules is one sentence."""
    write(tmp_path, module, line)

    assert list(violations(tmp_path)) == [expected]


def test_own_line_is_allowed(tmp_path):
    """A module may import from its own package, from its own line and from below."""
    lines = ["../requests/replay", "./pace", "../rows/items"]
    write(tmp_path, "shared/flushing/flush.ts", "\n".join(f'import {{one}} from "{line}";' for line in lines))

    assert list(violations(tmp_path)) == []


def test_cycle_is_noticed(tmp_path):
    """Two modules that need each other's values are a cycle, two that name each other's types are not."""
    write(tmp_path, "shared/rows/items.ts", 'import {put, type Row} from "./files";')
    write(tmp_path, "shared/rows/files.ts", 'import type {Item} from "./items";')
    TopologicalSorter(needs(tmp_path)).prepare()
    write(tmp_path, "shared/rows/files.ts", 'import {find} from "./items";')

    with pytest.raises(CycleError):
        TopologicalSorter(needs(tmp_path)).prepare()


def write(source: Path, module: str, text: str) -> None:
    path = source / module
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")


def violations(source: Path) -> Iterator[str]:
    for path in modules(source):
        module = path.relative_to(source).as_posix()
        for target in IMPORT.findall(path.read_text(encoding="utf-8")):
            if not is_allowed(module, resolve(source, path, target)):
                yield f"{module} imports {resolve(source, path, target)}"


def needs(source: Path) -> dict[str, set[str]]:
    """What each module imports, but for its types."""
    graph = {}
    for path in modules(source):
        targets = IMPORT.findall(TYPES.sub("", path.read_text(encoding="utf-8")))
        module = path.relative_to(source).with_suffix("").as_posix()
        graph[module] = {resolve(source, path, target) for target in targets}
    return graph


def modules(source: Path) -> list[Path]:
    return sorted(source.rglob("*.ts"))


def resolve(source: Path, path: Path, target: str) -> str:
    """A relative import as a path from the source directory; a package by its name."""
    if not target.startswith("."):
        return target
    return (path.parent / target).resolve().relative_to(source.resolve()).as_posix()


def is_allowed(module: str, target: str) -> bool:
    if target == "idb-keyval":
        return module in KNOW_THE_DATABASE
    place, target_place = module.partition("/")[0], target.partition("/")[0]
    if place == target_place == "shared":
        return is_downward(module, target)
    if place in CORE_OF:
        part = "/".join(module.split("/")[:2]) + "/"
        return target.startswith(part) or target_place in {CORE_OF[place], "shared"}
    return target_place in MAY_IMPORT[place] or KNOW_THE_PARTS.get(module) == target_place


def is_downward(module: str, target: str) -> bool:
    """Both lie in a package of the table, and the target's is not above."""
    rank, target_rank = (RANK.get(path.split("/")[1]) for path in (module, target))
    return rank is not None and target_rank is not None and rank <= target_rank
