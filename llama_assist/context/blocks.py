"""Blocks of context: short texts of one kind, with the cells that they rest on and their tokens."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from llama_assist.context.notebook import CodeCell
from llama_assist.context.tokens import END, Count, fitting

Kind = Literal["variables", "imports", "signatures", "cell", "markdown", "output"]


@dataclass(frozen=True, slots=True)
class Block:
    """`text` has no empty line at its end; `tokens` counts it with the empty line that follows it in a prompt."""

    text: str
    kind: Kind
    cells: tuple[int, ...]
    tokens: int


@dataclass(frozen=True, slots=True)
class Line:
    """A piece of a block: its text, the cell it comes from, the names it makes known."""

    text: str
    cell: int
    names: Collection[str]


def block(text: str, kind: Kind, cells: Collection[int], count: Count) -> list[Block]:
    """Return the block in a list, or an empty list for an empty text."""
    return [Block(text, kind, tuple(sorted(cells)), count(text + END))] if text else []


def lines_block(lines: Sequence[Line], kind: Kind, used: Collection[str], budget: int, count: Count) -> list[Block]:
    """Return a block of the lines that fit, each text once, in their order; lines that make used names known first."""
    unique = list({line.text: line for line in reversed(lines)}.values())[::-1]
    order = sorted(range(len(unique)), key=lambda index: not used_by(unique[index], used))
    chosen = [unique[index] for index in fitting([line.text for line in unique], order, budget, count)]
    return block("\n".join(line.text for line in chosen), kind, {line.cell for line in chosen}, count)


def used_by(line: Line, used: Collection[str]) -> bool:
    """Tell whether a line makes one of the names known."""
    return any(name in used for name in line.names)


def import_lines(cells: Sequence[CodeCell], shown: Mapping[int, str]) -> list[Line]:
    """Return the import statements that no shown cell has."""
    seen = "\n".join(shown.values())
    return [
        Line(each.text, cell.index, each.names)
        for cell in cells
        for each in cell.facts.outline.imports
        if each.text not in seen and shown.get(cell.index) != cell.facts.text
    ]


def signature_lines(cells: Sequence[CodeCell], shown: Mapping[int, str]) -> list[Line]:
    """Return the signatures of the functions and classes that no shown cell has."""
    return [
        Line(signature.text, cell.index, (signature.name,))
        for cell in cells
        for signature in cell.facts.outline.signatures
        if shown.get(cell.index) != cell.facts.text and signature.header not in shown.get(cell.index, "")
    ]
