"""Who imports whom, read from the source and not by importing it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Import:
    """One import statement's reach to one module."""

    importer: str
    """Dotted name of the module it stands in."""
    target: str
    """Dotted name of the module that is imported."""
    name: str
    """What is taken from it; empty if it is the module itself."""
    line: int
    lazy: bool
    """Inside a function: it runs when that is called."""
    typing: bool
    """Under `if TYPE_CHECKING`: it never runs."""

    def reaches(self, name: str) -> bool:
        """Whether the target is `name` or lies in it."""
        return is_within(self.target, name)

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.target}"


def is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def imports_of(package: Path) -> list[Import]:
    """Every import in the modules of a package, `package` being its directory."""
    modules = dict(modules_of(package))
    return [found for name, path in modules.items() for found in _Reader(name, path, frozenset(modules)).read()]


def modules_of(package: Path) -> Iterator[tuple[str, Path]]:
    """Dotted name and file of each module; a package goes by the name of its directory."""
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


@dataclass
class _Reader(ast.NodeVisitor):
    name: str
    path: Path
    known: frozenset[str]
    found: list[Import] = field(default_factory=list)
    lazy: bool = False
    typing: bool = False

    def read(self) -> list[Import]:
        self.visit(ast.parse(self.path.read_text(encoding="utf-8"), str(self.path)))
        return self.found

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add(node, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        origin = self._origin(node)
        for alias in node.names:
            if (inner := f"{origin}.{alias.name}") in self.known:
                self._add(node, inner)
            else:
                self._add(node, origin, alias.name)

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) not in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            self.generic_visit(node)
            return
        self.typing = True
        for child in node.body:
            self.visit(child)
        self.typing = False
        for child in node.orelse:
            self.visit(child)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._visit_later(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._visit_later(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_later(node)

    def _visit_later(self, node: ast.AST) -> None:
        before, self.lazy = self.lazy, True
        self.generic_visit(node)
        self.lazy = before

    def _origin(self, node: ast.ImportFrom) -> str:
        """The module after `from`, its leading dots resolved."""
        if not node.level:
            return node.module or ""
        package = self.name.split(".")
        dropped = node.level - (self.path.stem == "__init__")
        return ".".join([*package[: len(package) - dropped], *filter(None, [node.module])])

    def _add(self, node: ast.stmt, target: str, name: str = "") -> None:
        self.found.append(
            Import(importer=self.name, target=target, name=name, line=node.lineno, lazy=self.lazy, typing=self.typing)
        )
