"""Where the cells of a kernel define a name: the text of a function or class, or the cell that sets a variable."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from typing import Any

from llama_assist.kernel.history import History, Ran
from llama_assist.kernel.paths import NAME

Transform = Callable[[str], str]

MAX_SOURCE = 200_000  # characters; a longer source is a whole library


def find_definition(name: str, history: History, transform: Transform) -> Ran | None:
    """Return the newest cell that defines `name`: cut down to the imports and the definition of a function or class.

    `transform` makes Python of a cell, as IPython does.
    """
    for cell in reversed(history.cells):
        source = transform(cell.source)
        body = _parse(source)
        for node in reversed(body):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name:
                imports = [each for each in body if isinstance(each, ast.Import | ast.ImportFrom)]
                return Ran(cell.number, "\n\n".join(_text(source, part) for part in (*imports, node)))
            if not isinstance(node, ast.Import | ast.ImportFrom) and name in _bound(node):
                return cell
    return None


def source_of(value: Any) -> str:
    """Return the source of a function, class or module of a library; empty where it has none to show."""
    try:
        source = inspect.getsource(value if _has_source(value) else type(value))
    except (OSError, TypeError):
        return ""
    return source if len(source) <= MAX_SOURCE else ""


def names_in(source: str) -> list[str]:
    """Return the names that some Python mentions; of broken code none."""
    nodes = (node for part in _parse(source) for node in ast.walk(part) if isinstance(node, ast.Name))
    return list(dict.fromkeys(node.id for node in nodes))


def words_in(line: str) -> list[str]:
    """Return what may be names in a line, also where it is no Python."""
    return list(dict.fromkeys(re.findall(NAME, line)))


def _parse(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _bound(statement: ast.stmt) -> set[str]:
    stored = (node for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    return {node.id for node in stored}


def _text(source: str, node: ast.stmt) -> str:
    """Return the lines of a statement, with its decorators."""
    decorators = getattr(node, "decorator_list", ())
    start = min([node.lineno, *(each.lineno for each in decorators)])
    return "\n".join(source.splitlines()[start - 1 : node.end_lineno])


def _has_source(value: object) -> bool:
    return inspect.isroutine(value) or inspect.isclass(value) or inspect.ismodule(value)
