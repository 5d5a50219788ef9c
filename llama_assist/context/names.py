"""Which names are known at the cursor."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from llama_assist.context.cursor import Scope, names_on
from llama_assist.context.notebook import CodeCell
from llama_assist.context.outline import Outline
from llama_assist.context.shell_names import SHELL_NAMES, made_by_magics
from llama_assist.context.variables import columns
from llama_assist.types import Cell, Variable

_MAKERS = frozenset({"exec", "globals"})  # whoever calls them may make any name


@dataclass(frozen=True, slots=True)
class Names:
    """`visible` are all names known at the cursor; with `is_open` there are others (`from x import *`).

    `parameters` of the functions of the document, by name, where no other keyword is possible; `columns` of the
    kernel's data frames; `enclosing` are the first lines of the functions and classes around the cursor.
    """

    visible: frozenset[str] = frozenset()
    is_open: bool = True
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    columns: frozenset[str] = frozenset()
    enclosing: tuple[str, ...] = ()


def from_cells(
    cells: Sequence[CodeCell], variables: Sequence[Variable], language: str, others: Iterable[Cell] = ()
) -> Names:
    """Return the names that the other cells, the kernel and the language itself make known.

    `cells` are in `language`; `others` may be any: of these only IPython's own lines count.
    """
    outlines = [cell.facts.outline for cell in cells]
    known = {name for each in outlines for name in each.definitions}
    known.update(variable.name for variable in variables)
    is_open = language != "python" or any(map(_is_open, outlines))
    if language == "python":
        made = made_by_magics(cell.source for cell in others if cell.type == "code")
        known.update(dir(builtins), SHELL_NAMES, made.names)
        is_open = is_open or made.is_open
    return Names(frozenset(known), is_open, _parameters(outlines), columns(variables))


def at_cursor(others: Names, current: Outline, scope: Scope, line: str) -> Names:
    """Add what the current cell makes known, and whatever already stands on the cursor's line."""
    made = made_by_magics([current.parsed.source])
    return Names(
        others.visible.union(current.definitions, scope.names, names_on(line), made.names),
        others.is_open or made.is_open or _is_open(current),
        {**others.parameters, **_parameters([current])},
        others.columns,
        scope.enclosing,
    )


def _is_open(of: Outline) -> bool:
    return of.is_open or not _MAKERS.isdisjoint(of.uses)


def _parameters(outlines: Iterable[Outline]) -> dict[str, tuple[str, ...]]:
    return {
        signature.name: signature.parameters
        for each in outlines
        for signature in each.signatures
        if signature.parameters is not None
    }
