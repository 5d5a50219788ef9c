"""The blocks for a code cell, and when they may stay although the cell has changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from llama_assist.context import prose, variables
from llama_assist.context.blocks import Block, Kind, Line, block, import_lines, lines_block, signature_lines
from llama_assist.context.names import Names, from_cells
from llama_assist.context.notebook import CodeCell
from llama_assist.context.select import Definers, Wish, fit, nearest, wishes
from llama_assist.context.tokens import Count
from llama_assist.syntax import comment_prefix
from llama_assist.types import Cell, Variable

SOURCES = ("variables", "imports", "signatures", "above", "below", "related", "markdown")

_LINES: Sequence[tuple[Kind, Callable[[Sequence[CodeCell], Mapping[int, str]], list[Line]]]] = (
    ("signatures", signature_lines),
    ("imports", import_lines),
)
_VARIABLES_SHARE = 0.2
_MARKDOWN_SHARE = 0.12
_IMPORTS_SHARE = 0.12
_LINES_SHARE = 0.25
_MAX_NEW_LINES = 8
_MAX_GROWTH = 1.5


@dataclass(frozen=True, slots=True)
class Basis:
    """Everything but the current cell that a selection rests on; `at` is the current cell's index."""

    cells: tuple[Cell, ...]
    at: int
    language: str
    variables: tuple[Variable, ...]


@dataclass(frozen=True, slots=True)
class Current:
    """The current cell: names it uses that others should make known (the last used one last), words near the cursor.

    What stands on the cursor's line counts when blocks are chosen, not when it is asked whether they still serve.
    """

    uses: tuple[str, ...]
    words: frozenset[str]
    num_lines: int


@dataclass(frozen=True, slots=True)
class Room:
    """How many tokens there are, how they are counted, and which sources may take them."""

    budget: int
    count: Count
    sources: Collection[str]

    def part(self, share: float) -> int:
        """Return a share of the budget."""
        return int(self.budget * share)


@dataclass(frozen=True, slots=True)
class Selection:
    """Blocks, what they were chosen for, and what may be asked again without choosing anew."""

    basis: Basis
    budget: int
    num_lines: int
    settled: frozenset[int]
    blocks: tuple[Block, ...]
    definers: Definers
    names: Names

    def serves(self, uses: Iterable[str], num_lines: int, budget: int) -> bool:
        """Tell whether the blocks are still good: no other cell needed, only a few lines more or fewer, room as before.

        Choosing anew at each line would make the model read the whole prompt again at each line.
        """
        tokens = sum(each.tokens for each in self.blocks)
        return (
            self.settled.issuperset(self.definers.direct(uses, self.basis.at))
            and abs(num_lines - self.num_lines) <= _MAX_NEW_LINES
            and tokens <= budget <= self.budget * _MAX_GROWTH
        )


def select(basis: Basis, cells: Sequence[CodeCell], current: Current, room: Room) -> Selection:
    """Choose the blocks for the code cell at `basis.at`; together they have at most `room.budget` tokens."""
    allowed = [cell for cell in cells if ("above" if cell.index < basis.at else "below") in room.sources]
    definers = Definers(allowed)
    wished = _wished(basis, allowed, current, definers, room)
    first, last = _variables(basis, current, room), _markdown(basis, room)
    left = room.budget - _total(first + last)
    shown: dict[int, str] = {}
    for _ in range(2):  # the cells shown first tell which imports need room of their own
        shown = fit(wished, left - _kept_for_imports(allowed, shown, room), room.count)
    middle = _cells(shown, basis.at, room.count)
    for kind, lines in _LINES:
        if kind in room.sources:
            limit = min(left - _total(middle), room.part(_LINES_SHARE))
            middle = lines_block(lines(allowed, shown), kind, current.uses, limit, room.count) + middle
    settled = frozenset(definers.direct(current.uses, basis.at)).union(shown)
    names = from_cells(cells, basis.variables, basis.language, basis.cells)
    blocks = tuple(first + middle + last)
    return Selection(basis, room.budget, current.num_lines, settled, blocks, definers, names)


def _wished(
    basis: Basis, cells: Sequence[CodeCell], current: Current, definers: Definers, room: Room
) -> Sequence[Wish]:
    if "related" in room.sources:
        return wishes(cells, basis.at, current.uses, current.words, definers)
    return [Wish(cell, 1.0) for cell in nearest(cells, basis.at)]


def _total(blocks: Sequence[Block]) -> int:
    return sum(each.tokens for each in blocks)


def _kept_for_imports(cells: Sequence[CodeCell], shown: Mapping[int, str], room: Room) -> int:
    if "imports" not in room.sources:
        return 0
    return min(room.part(_IMPORTS_SHARE), sum(room.count(line.text + "\n") for line in import_lines(cells, shown)))


def _cells(shown: dict[int, str], at: int, count: Count) -> list[Block]:
    """Return the chosen cells in document order, those below the cursor first: what is above ends at the cursor."""
    order = sorted(shown, key=lambda index: (index < at, index))
    return [each for index in order for each in block(shown[index], "cell", (index,), count)]


def _variables(basis: Basis, current: Current, room: Room) -> list[Block]:
    if "variables" not in room.sources:
        return []
    lines = variables.choose(basis.variables, current.uses, basis.language, room.part(_VARIABLES_SHARE), room.count)
    return block("\n".join(lines), "variables", (), room.count)


def _markdown(basis: Basis, room: Room) -> list[Block]:
    mark = comment_prefix(basis.language)
    if "markdown" not in room.sources or not mark:
        return []
    lines, cells = prose.above(basis.cells, basis.at)
    kept = prose.shorten(lines, mark, room.part(_MARKDOWN_SHARE), room.count)
    return block("\n".join(kept), "markdown", cells, room.count)
