"""The cells of a notebook with what is known of each, read once per source text."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from llama_assist.context.outline import outline
from llama_assist.context.reduce import Reducible
from llama_assist.syntax import canonical, cell_language, parse
from llama_assist.types import Cell, Document

_WORD = re.compile(r"[^\W\d]\w{2,}")


class Facts:
    """What is known of a cell's source: its outline, its words, and its text with long literals cut."""

    def __init__(self, source: str, language: str) -> None:
        self.outline = outline(parse(source, language, focus=0))

    @cached_property
    def words(self) -> frozenset[str]:
        """The identifiers and words of at least three letters."""
        return words(self.outline.parsed.source)

    @property
    def text(self) -> str:
        """The source with long literals cut."""
        return self.reducible.text

    @cached_property
    def reducible(self) -> Reducible:
        """The source as something that can be made shorter still."""
        return Reducible(self.outline)


@dataclass(frozen=True, slots=True)
class CodeCell:
    """A code cell: its place in the document and what is known of it."""

    index: int
    facts: Facts
    execution_count: int | None


class FactsCache:
    """The facts of the last `size` source texts; not for use by two threads at once."""

    def __init__(self, size: int = 1024) -> None:
        self._size = size
        self._facts: OrderedDict[tuple[str, str], Facts] = OrderedDict()

    def of(self, source: str, language: str) -> Facts:
        """Return the facts of `source`."""
        key = (language, source)
        facts = self._facts.get(key)
        if facts is None:
            facts = self._facts[key] = Facts(source, language)
        self._facts.move_to_end(key)
        while len(self._facts) > self._size:
            self._facts.popitem(last=False)
        return facts


def words(text: str) -> frozenset[str]:
    """Return the identifiers and words of at least three letters."""
    return frozenset(_WORD.findall(text))


def language_of(cell: Cell, default: str) -> str:
    """Return the language that a cell is written in."""
    if cell.type == "code":
        return cell_language(cell.source, default)
    return "markdown" if cell.type == "markdown" else "text"


def code_cells(document: Document, language: str, cache: FactsCache) -> Iterator[CodeCell]:
    """Yield the other cells with code in `language`, in document order."""
    language = canonical(language)
    for index, cell in enumerate(document.cells):
        is_other = index != document.cell and cell.type == "code" and bool(cell.source.strip())
        if is_other and language_of(cell, document.language) == language:
            yield CodeCell(index, cache.of(cell.source, language), cell.execution_count)
