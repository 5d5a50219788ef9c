"""Which cells to show: the one above, those that define what is used, then those most like the cursor's lines."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from llama_assist.context.notebook import CodeCell
from llama_assist.context.tokens import END, Count, fits

_LEAST_TOKENS = 16
_MAX_REDUCTIONS = 8
_MAX_SHARE = 0.5
_DIRECT_SHARE = 0.3
_INDIRECT_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class Wish:
    """A cell that should be shown in at most `share` of the budget, for the sake of `names` if there are any."""

    cell: CodeCell
    share: float
    names: frozenset[str] = frozenset()


class Definers:
    """Which cell makes a name known: the nearest one above; where none does, the one below that ran last.

    Imports do not count: their lines are shown on their own.
    """

    def __init__(self, cells: Iterable[CodeCell]) -> None:
        self._cells: dict[str, list[CodeCell]] = {}
        for cell in cells:
            for name, definition in cell.facts.outline.definitions.items():
                if definition.kind != "import":
                    self._cells.setdefault(name, []).append(cell)

    def of(self, name: str, at: int) -> CodeCell | None:
        """Return the cell that defines `name` for the cell at index `at`."""
        candidates = self._cells.get(name, ())
        above = [cell for cell in candidates if cell.index < at]
        if above:
            return above[-1]
        below = [cell for cell in candidates if cell.index > at]
        return min(below, key=lambda cell: (-(cell.execution_count or 0), cell.index), default=None)

    def direct(self, names: Iterable[str], at: int) -> dict[int, CodeCell]:
        """Return the cells that define the names, by index, in the order of the names."""
        found = (self.of(name, at) for name in names)
        return {cell.index: cell for cell in found if cell is not None}

    def indirect(self, direct: Mapping[int, CodeCell], at: int) -> list[CodeCell]:
        """Return the further cells that define what the `direct` ones use, then what those use, and so on."""
        found = dict(direct)
        queue = list(direct.values())
        for cell in queue:
            for index, further in self.direct(cell.facts.outline.uses, cell.index).items():
                if index not in found and index != at:
                    found[index] = further
                    queue.append(further)
        return queue[len(direct) :]


def by_likeness(cells: Sequence[CodeCell], at: int, words: frozenset[str]) -> list[CodeCell]:
    """Return the cells, most shared rare words first, relative to their own number of words; then the nearest."""
    frequency = Counter(word for cell in cells for word in cell.facts.words)
    weight = {word: math.log((len(cells) + 2) / (number + 0.5)) for word, number in frequency.items()}

    def rank(cell: CodeCell) -> tuple[float, int, int]:
        own = sum(weight[word] for word in cell.facts.words)
        shared = sum(weight[word] for word in sorted(cell.facts.words & words))
        return -round(shared / math.sqrt(own + 1e-9), 6), abs(cell.index - at), cell.index

    return sorted(cells, key=rank)


def nearest(cells: Sequence[CodeCell], at: int) -> list[CodeCell]:
    """Return the cells, nearest first, of two at the same distance the one above."""
    return sorted(cells, key=lambda cell: (abs(cell.index - at), cell.index))


def wishes(
    cells: Sequence[CodeCell], at: int, used_names: Sequence[str], words: frozenset[str], definers: Definers
) -> list[Wish]:
    """Return the cells in the order in which they may take room; the last used names come first."""
    above = [cell for cell in cells if cell.index < at]
    used = frozenset(used_names)
    direct = definers.direct(reversed(used_names), at)
    further = frozenset(name for cell in direct.values() for name in cell.facts.outline.uses)
    return (
        [Wish(cell, _MAX_SHARE, used) for cell in above[-1:]]
        + [Wish(cell, _DIRECT_SHARE, used) for cell in direct.values()]
        + [Wish(cell, _INDIRECT_SHARE, further) for cell in definers.indirect(direct, at)]
        + [Wish(cell, _MAX_SHARE) for cell in by_likeness(cells, at, words)]
    )


def fit(wished: Iterable[Wish], budget: int, count: Count) -> dict[int, str]:
    """Return the text of each cell that fits: whole where it can be, the first few that cannot reduced by syntax."""
    chosen: dict[int, str] = {}
    reductions: dict[int, Wish] = {}
    left = budget
    for wish in wished:
        if left < _LEAST_TOKENS:
            break
        if wish.cell.index in chosen:
            continue
        limit = min(left, int(budget * wish.share))
        text = wish.cell.facts.text
        if not fits(text + END, limit, count):
            if len(reductions) == _MAX_REDUCTIONS:
                continue
            reductions[wish.cell.index] = wish
            text = _reduced(wish, limit, count)
        if text:
            chosen[wish.cell.index] = text
            left -= count(text + END)
    _restore(chosen, reductions, left, count)
    return chosen


def _reduced(wish: Wish, limit: int, count: Count) -> str:
    text = wish.cell.facts.reducible.reduced(wish.names, limit, lambda part: count(part + END))
    return text if count(text) >= _LEAST_TOKENS else ""


def _restore(chosen: dict[int, str], reductions: dict[int, Wish], left: int, count: Count) -> None:
    """Make reduced cells whole again with the room that was not taken."""
    for index, wish in reductions.items():
        room = left + (count(chosen[index] + END) if index in chosen else 0)
        if fits(wish.cell.facts.text + END, room, count):
            chosen[index] = wish.cell.facts.text
            left = room - count(chosen[index] + END)
