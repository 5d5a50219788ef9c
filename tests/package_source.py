"""The package as it is written: its modules and what they import, read without running any of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = "llama_assist"


@dataclass(frozen=True)
class Import:
    """One imported module; `is_typing` marks what only a type checker imports."""

    target: str
    line: int
    is_typing: bool


def part_of(module: str) -> str:
    """Return the file or folder of the package that holds `module`; empty for the package itself."""
    return module.removeprefix(PACKAGE).lstrip(".").partition(".")[0]


@cache
def files() -> Mapping[str, Path]:
    """Return the path of every module of the package."""
    return {_module_name(path): path for path in sorted((ROOT / PACKAGE).rglob("*.py"))}


@cache
def tree(module: str) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(files()[module].read_text(encoding="utf-8"))


@cache
def imports(module: str) -> tuple[Import, ...]:
    """Return what a module imports, in its functions too.

    The functions of the package's own `__init__` are entry points that others call, and not looked into.
    """
    return tuple(_imports(tree(module).body, module, is_typing=False))


def internal(module: str, *, with_typing: bool = True) -> set[str]:
    """Return the modules of the package that a module imports."""
    found = (item for item in imports(module) if with_typing or not item.is_typing)
    return {item.target for item in found if item.target in files()} - {module}


def uses(module: str, library: str) -> bool:
    """Tell whether a module imports `library` (`torch`, `http.client`), or something in it, when it runs."""
    return any(f"{item.target}.".startswith(f"{library}.") for item in imports(module) if not item.is_typing)


def reached_from(module: str) -> set[str]:
    """Return every module of the package that can be loaded after `module`, in functions too."""
    reached: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            parents = {parent for parent in files() if name.startswith(f"{parent}.")}
            waiting += internal(name, with_typing=False) | parents
    return reached


def _imports(body: list[ast.stmt], module: str, *, is_typing: bool) -> Iterator[Import]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and module == PACKAGE:
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            for target in _targets(node, module):
                yield Import(target, node.lineno, is_typing)
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, field, [])
            typing = is_typing or (field == "body" and isinstance(node, ast.If) and _asks_typing(node.test))
            yield from _imports(inner, module, is_typing=typing)


def _targets(node: ast.Import | ast.ImportFrom, module: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
        return
    assert node.level == 0, f"{module}:{node.lineno} imports relatively; write the full name"
    assert node.module is not None
    for alias in node.names:
        inner = f"{node.module}.{alias.name}"  # a module, or a name in one
        yield from (inner,) if inner in files() else (node.module, inner)


def _asks_typing(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def _module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
