"""A document and a cursor in, blocks of context out: bounded, in a fixed order, the same while one line is typed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from llama_assist.context.blocks import Block
from llama_assist.context.cursor import Anchor, anchor, names_on, scope_at
from llama_assist.context.names import Names, at_cursor
from llama_assist.context.notebook import FactsCache, code_cells, language_of, words
from llama_assist.context.outline import Outline, outline
from llama_assist.context.prose import prose_blocks
from llama_assist.context.selection import SOURCES, Basis, Current, Room, Selection, select
from llama_assist.context.tokens import TokenCounts
from llama_assist.syntax import parse, sound
from llama_assist.types import Cell, Document

_NEAR_LINES = 8
_MAX_DOCUMENTS = 16
_INCREMENTAL_FROM = 16_384


@dataclass(frozen=True, slots=True)
class Context:
    """`blocks` in the order in which they stand in a prompt; `names` known at the cursor; `language` of the cell."""

    blocks: tuple[Block, ...]
    names: Names
    language: str

    @property
    def tokens(self) -> int:
        """Tokens of all blocks together."""
        return sum(block.tokens for block in self.blocks)


@dataclass(frozen=True, slots=True)
class _State:
    """The last cursor line of a document, and the selection that serves it."""

    place: Anchor
    outline: Outline
    selection: Selection


class ContextBuilder:
    """Builds context; keeps what it has read of cells and what it has chosen for the last documents.

    `sources` can leave kinds of context out, to measure what each is worth. Safe to call from several threads.
    """

    def __init__(self, sources: Collection[str] = SOURCES) -> None:
        self._sources = frozenset(sources)
        self._facts = FactsCache()
        self._count = TokenCounts()
        self._states: OrderedDict[tuple[str, int], _State] = OrderedDict()
        self._lock = threading.Lock()

    def build(self, document: Document, prefix: str, suffix: str, budget: int, count: Callable[[str], int]) -> Context:
        """Return at most `budget` tokens, by `count`, of what surrounds the current cell.

        `prefix` and `suffix` are the current cell (or file) around the cursor. The blocks stay as they are while one
        line is typed, and for some lines after, unless the cell uses a name that another cell makes known.
        """
        document, prefix, suffix = _sound(document), sound(prefix), sound(suffix)
        language = _language(document, prefix + suffix)
        room = Room(budget, self._count, self._sources)
        place = anchor(prefix, suffix)
        with self._lock:
            self._count.use(count)
            if language == "markdown":
                code = list(code_cells(document, document.language, self._facts))
                blocks = prose_blocks(document.cells, document.cell, code, budget, self._count)
                return Context(tuple(blocks), Names(), language)
            state = self._state(document, place, language, room)
        # At column 0 before a line of code something new is wanted: that line stands below it, not beside it.
        line = place.line if prefix.rpartition("\n")[2] else ""
        names = at_cursor(state.selection.names, state.outline, scope_at(state.outline, place.offset), line)
        return Context(state.selection.blocks, names, language)

    def without_literals(self, document: Document, source: str) -> str:
        """Return a part of the current cell with long literals cut to their beginning, its last line as it was."""
        body = sound(source).rstrip("\n")
        with self._lock:
            text = self._facts.of(body, _language(document, source)).text
        return text + source[len(body) :]

    def _state(self, document: Document, place: Anchor, language: str, room: Room) -> _State:
        """Return the state for the cursor's line, with the selection at hand where that still serves."""
        key = (document.path, document.cell)
        basis = _basis(document, language)
        old = self._states.get(key)
        if old is not None and old.selection.basis != basis:
            old = None
        current = _outline(place, language, old)
        num_lines = place.text.count("\n")
        if old is not None and old.selection.serves(current.uses, num_lines, room.budget):
            return self._remember(key, _State(place, current, old.selection))
        uses = (*current.uses, *names_on(place.line))
        cells = list(code_cells(document, language, self._facts))
        selection = select(basis, cells, Current(uses, words(place.near(_NEAR_LINES)), num_lines), room)
        return self._remember(key, _State(place, current, selection))

    def _remember(self, key: tuple[str, int], state: _State) -> _State:
        self._states[key] = state
        self._states.move_to_end(key)
        while len(self._states) > _MAX_DOCUMENTS:
            self._states.popitem(last=False)
        return state


def _language(document: Document, source: str) -> str:
    """Return the language of the current cell, whose text is `source`."""
    known = 0 <= document.cell < len(document.cells)
    cell_type = document.cells[document.cell].type if known else "code"
    return language_of(Cell(source, cell_type), document.language)


def _outline(place: Anchor, language: str, old: _State | None) -> Outline:
    """Return the outline around the cursor's line: as it was where only that line changed."""
    if old is not None and old.place.text == place.text:
        return old.outline
    # A short text is parsed afresh: the tree of broken code then does not depend on how it came to be.
    is_long = old is not None and len(place.text) >= _INCREMENTAL_FROM
    parsed = old.outline.parsed if old is not None and is_long else None
    return outline(parse(place.text, language, parsed, place.offset))


def _sound(document: Document) -> Document:
    """Return the document with texts that every tokenizer takes."""
    if all(cell.source.isascii() for cell in document.cells):
        return document
    return replace(document, cells=tuple(replace(cell, source=sound(cell.source)) for cell in document.cells))


def _basis(document: Document, language: str) -> Basis:
    """Return the document without the current cell's text, outputs and counts."""
    cells = tuple(
        Cell("" if index == document.cell else cell.source, cell.type) for index, cell in enumerate(document.cells)
    )
    return Basis(cells, document.cell, language, document.variables)
