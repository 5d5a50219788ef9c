"""What belongs to one cell: the cells that define what it uses, the one above, imports and variables by use."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from llama_assist.context import variables
from llama_assist.context.blocks import Block, block, import_lines, lines_block, used_by
from llama_assist.context.notebook import CodeCell, FactsCache, code_cells, language_of
from llama_assist.context.numbered import LABEL_TOKENS, fenced, numbered
from llama_assist.context.outline import Outline, outline
from llama_assist.context.prose import above, shorten
from llama_assist.context.select import Definers, Wish, fit
from llama_assist.context.tokens import Count
from llama_assist.syntax import canonical, comment_prefix, parse
from llama_assist.types import Document, Variable, cell_number

_DIRECT_SHARE = 0.6
_INDIRECT_SHARE = 0.2
_ABOVE_SHARE = 0.4
_LINES_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Focus:
    """A cell and the names in it that other cells must make known; `language` is that of its code."""

    document: Document
    outline: Outline
    names: tuple[str, ...]
    language: str


def find_focus(document: Document, more_names: Collection[str] = ()) -> Focus:
    """Return the cell `document.cell` as the focus; `more_names` count as used, where an error speaks of them."""
    cell = document.cells[document.cell]
    own = language_of(cell, document.language)
    of = outline(parse(cell.source, own))
    language = own if cell.type == "code" else canonical(document.language)
    return Focus(document, of, tuple(dict.fromkeys((*of.uses, *more_names))), language)


def defining_cells(focus: Focus) -> dict[int, list[str]]:
    """Return the names that the cell uses by the index of the cell that defines them, imports aside."""
    document = focus.document
    definers = Definers(code_cells(document, focus.language, FactsCache()))
    found: dict[int, list[str]] = {}
    for name in focus.outline.uses:
        cell = definers.of(name, document.cell)
        if cell is not None:
            found.setdefault(cell.index, []).append(name)
    return dict(sorted(found.items()))


def focus_blocks(focus: Focus, budget: int, count: Count) -> list[Block]:
    """Return blocks of at most `budget` tokens in the order of a prompt: imports, cells, prose, variables."""
    room = budget
    blocks: list[Block] = []
    for _ in range(3):  # what stands around a block is only known when it is there
        blocks = _blocks(focus, room, count)
        excess = sum(each.tokens for each in blocks) - budget
        if excess <= 0:
            return blocks
        room -= excess
    while blocks and sum(each.tokens for each in blocks) > budget:
        blocks.pop(0)
    return blocks


def _blocks(focus: Focus, budget: int, count: Count) -> list[Block]:
    document, at = focus.document, focus.document.cell
    cells = list(code_cells(document, focus.language, FactsCache()))
    last = _variables(focus, int(budget * _LINES_SHARE), count)
    prose = _prose(focus, int(budget * _LINES_SHARE), count)
    room = budget - sum(each.tokens for each in last + prose)
    shown = fit(_wishes(cells, at, focus.names), room, lambda text: count(text) + LABEL_TOKENS)
    middle = [
        each
        for index in sorted(shown)
        for each in block(numbered(index, shown[index], focus.language), "cell", (index,), count)
    ]
    first = _imports(focus, cells, shown, room - sum(each.tokens for each in middle), count)
    return first + middle + prose + last


def _wishes(cells: Sequence[CodeCell], at: int, names: Sequence[str]) -> list[Wish]:
    definers = Definers(cells)
    used = frozenset(names)
    direct = definers.direct(names, at)
    further = frozenset(name for cell in direct.values() for name in cell.facts.outline.uses)
    nearest = [cell for cell in cells if cell.index < at][-1:]
    return (
        [Wish(cell, _DIRECT_SHARE, used) for cell in direct.values()]
        + [Wish(cell, _INDIRECT_SHARE, further) for cell in definers.indirect(direct, at)]
        + [Wish(cell, _ABOVE_SHARE, used) for cell in nearest]
    )


def _imports(focus: Focus, cells: Sequence[CodeCell], shown: dict[int, str], budget: int, count: Count) -> list[Block]:
    """Return the imports of other cells that the focus or a shown cell uses."""
    used = set(focus.names)
    for cell in cells:
        if cell.index in shown:
            used.update(cell.facts.outline.uses)
    lines = [line for line in import_lines(cells, shown) if used_by(line, used)]
    found = lines_block(lines, "imports", focus.names, budget - LABEL_TOKENS, count)
    return [
        each
        for inner in found
        for each in block(
            f"The notebook has imported:\n{fenced(inner.text, focus.language)}", "imports", inner.cells, count
        )
    ]


def _prose(focus: Focus, budget: int, count: Count) -> list[Block]:
    lines, cells = above(focus.document.cells, focus.document.cell)
    kept = shorten(lines, "", budget, count)
    text = "\n".join(line.strip() for line in kept)
    label = f"Text above cell {cell_number(focus.document.cell)}"
    return block(f"{label}:\n{text}" if text else "", "markdown", cells, count)


def _variables(focus: Focus, budget: int, count: Count) -> list[Block]:
    used = [variable for variable in focus.document.variables if variable.name in focus.names]
    return variable_blocks(used, focus.language, budget, count)


def variable_blocks(shown: Sequence[Variable], language: str, budget: int, count: Count) -> list[Block]:
    """Return the schemas of variables as one block, if there are any that fit."""
    lines = variables.choose(shown, (), language, budget, count)
    mark = comment_prefix(language)
    text = "\n".join(line.removeprefix(mark).strip() for line in lines)
    return block(f"Variables in the kernel:\n{text}" if text else "", "variables", (), count)
