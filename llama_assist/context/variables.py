"""Live kernel variables as comment lines: name, type, shape, columns, signature; never a value."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from llama_assist.context.tokens import Count, fitting
from llama_assist.syntax import comment_prefix, sound
from llama_assist.types import Variable

_MAX_COLUMNS = 24
_MAX_LINE = 400


def describe(variable: Variable, language: str) -> str:
    """Return one comment line such as `# df: DataFrame[1200x5] columns: a int64, b float64`."""
    mark = comment_prefix(language)
    shape = f"[{'x'.join(str(size) for size in variable.shape)}]" if variable.shape else ""
    kind = " ".join(part for part in (variable.type + shape, variable.dtype) if part)
    line = f"{mark} {variable.name}{variable.signature}: {kind}".strip()
    columns = [f"{name} {dtype}".strip() for name, dtype in variable.columns]
    kept = columns[:_MAX_COLUMNS]
    while kept and len(line) + len(", ".join(kept)) > _MAX_LINE:
        kept.pop()
    more = ", ..." if len(kept) < len(columns) else ""
    text = f"{line} columns: {', '.join(kept)}{more}" if kept else line
    return sound(" ".join(text.split()))


def choose(
    variables: Sequence[Variable],
    used_names: Collection[str],
    language: str,
    budget: int,
    count: Count,
) -> list[str]:
    """Return the lines that fit, in the order of `variables`; names used come first, then what has columns or shape."""
    shown = [variable for variable in variables if variable.type != "module"]
    lines = [describe(variable, language) for variable in shown]
    order = sorted(range(len(shown)), key=lambda index: _rank(shown[index], used_names))
    return [lines[index] for index in fitting(lines, order, budget, count)]


def columns(variables: Iterable[Variable]) -> frozenset[str]:
    """Return every column name."""
    return frozenset(name for variable in variables for name, _ in variable.columns)


def _rank(variable: Variable, used_names: Collection[str]) -> tuple[bool, bool, bool]:
    return variable.name not in used_names, not variable.columns, not (variable.shape or variable.signature)
