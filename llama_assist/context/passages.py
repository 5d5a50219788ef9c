"""A notebook cut into passages that can be found and shown: code by its statements, prose by its sections, outputs."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from llama_assist.context.notebook import FactsCache, language_of
from llama_assist.context.outline import Outline
from llama_assist.context.prose import heading, plain
from llama_assist.context.terms import terms
from llama_assist.syntax import decode, sound
from llama_assist.types import Cell, Document

PassageKind = Literal["code", "text", "output"]

_LENGTH = 800  # characters of a passage; what has more is cut at the next border
_MAX_LINE = 400
_MAX_OUTPUT = 800
_MAX_PROSE_LINE = 100_000
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_OBJECT = re.compile(r"\s*\[?<[^<>]*>\]?\s*$")  # `<Figure size ...>` tells nothing
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+|(?<=[。！？])")
# What code does without saying the word: rows are chosen, a column is added.
_CHOSEN = re.compile(r"\w\[[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*?(?:[=!<>]=|[<>]|~\w|\.(?:isin|isna|notna|between)\()")
_ADDED = re.compile(r"""\w\[["'][^"'\]]+["']\]\s*=[^=]""")
_IDIOMS = ((_CHOSEN, ("filter", "select")), (_ADDED, ("add", "create", "column")))
_LEVEL = re.compile(r"#{1,6}(?=\s)")


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of one cell, the `number`th of it: its `text`, the headings above it from the outermost, and names.

    `idioms` are words for what its code does without saying them.
    """

    cell: int
    number: int
    kind: PassageKind
    text: str
    headings: tuple[str, ...] = ()
    defines: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()
    idioms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage before its place in a notebook is known, with its terms; `level` is that of a heading, else 0.

    `idioms` are words for what its code does.
    """

    kind: PassageKind
    text: str
    terms: tuple[str, ...]
    defines: frozenset[str] = frozenset()
    uses: frozenset[str] = frozenset()
    level: int = 0
    idioms: tuple[str, ...] = ()


class PieceCache:
    """The pieces of the last `size` cells; not for use by two threads at once."""

    def __init__(self, size: int = 2048) -> None:
        self._size = size
        self._facts = FactsCache(size)
        self._pieces: OrderedDict[tuple[str, str, tuple[str, ...]], tuple[Piece, ...]] = OrderedDict()

    def of(self, cell: Cell, language: str) -> tuple[Piece, ...]:
        """Return the pieces of a cell in a notebook of `language`."""
        language = language_of(cell, language)
        key = (language, cell.source, cell.outputs)
        pieces = self._pieces.get(key)
        if pieces is None:
            pieces = self._pieces[key] = tuple(self._cut(cell, language))
        self._pieces.move_to_end(key)
        while len(self._pieces) > self._size:
            self._pieces.popitem(last=False)
        return pieces

    def outline(self, cell: Cell, language: str) -> Outline:
        """Return the outline of a code cell."""
        return self._facts.of(sound(cell.source), language_of(cell, language)).outline

    def _cut(self, cell: Cell, language: str) -> Iterator[Piece]:
        if cell.type == "code":
            yield from _code(self.outline(cell, language))
        else:
            yield from _prose(sound(cell.source))
        for output in cell.outputs:
            text = _output(sound(output))
            if text:
                yield Piece("output", text, tuple(terms(text)))


def passages(document: Document, cache: PieceCache) -> tuple[list[Passage], list[tuple[str, ...]]]:
    """Return the passages of a notebook in its order, and the terms of each."""
    cut: list[Passage] = []
    words: list[tuple[str, ...]] = []
    open_headings: list[tuple[int, str]] = []
    for index, cell in enumerate(document.cells):
        for number, piece in enumerate(cache.of(cell, document.language)):
            if piece.level:
                title = heading(piece.text.partition("\n")[0])
                open_headings = [each for each in open_headings if each[0] < piece.level]
                path = tuple(title for _, title in open_headings)
                open_headings.append((piece.level, title))
            else:
                path = tuple(title for _, title in open_headings)
            cut.append(Passage(index, number, piece.kind, piece.text, path, piece.defines, piece.uses, piece.idioms))
            words.append(piece.terms)
    return cut, words


def _code(outline: Outline) -> Iterator[Piece]:
    """Yield a cell's statements, as many together as make a passage; a long one is cut between lines."""
    raw = outline.parsed.raw
    statements = outline.statements
    starts = [0, *(statement.start for statement in statements[1:]), len(raw)]
    texts = [_whole_lines(decode(raw[start:end])) for start, end in pairwise(starts)]
    for group in _grouped([len(text) for text in texts], _LENGTH):
        text = "".join(texts[index] for index in group).strip("\n")
        defines = frozenset[str]().union(*(statements[index].defines for index in group if index < len(statements)))
        uses = frozenset[str]().union(*(statements[index].uses for index in group if index < len(statements)))
        for part in _parts(text.splitlines()):
            if part.strip():
                yield Piece("code", part, tuple(terms(part)), defines, uses, idioms=_idioms(part))


def _idioms(code: str) -> tuple[str, ...]:
    return tuple(word for pattern, words in _IDIOMS if pattern.search(code) for word in words)


def _whole_lines(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def _prose(source: str) -> Iterator[Piece]:
    """Yield the sections of a Markdown text, each with its heading; a long one is cut between sentences."""
    sections: list[list[str]] = [[]]
    for line in plain(source, _MAX_PROSE_LINE):
        if _LEVEL.match(line):
            sections.append([])
        sections[-1] += _SENTENCE.split(line) if len(line) > _LENGTH else [line]
    for section in sections:
        for number, part in enumerate(_parts(section)):
            marks = _LEVEL.match(part) if number == 0 else None
            yield Piece("text", part, tuple(terms(part)), level=len(marks[0]) if marks else 0)


def _output(text: str) -> str:
    """Return the beginning and the end of an output, without colours and the names of objects."""
    lines = [_short(line.rstrip()) for line in _ESCAPE.sub("", text).splitlines()]
    shown = "\n".join(line for line in lines if line and not _OBJECT.match(line))
    if len(shown) <= _MAX_OUTPUT:
        return shown
    half = _MAX_OUTPUT // 2
    return f"{shown[:half].rpartition(chr(10))[0] or shown[:half]}\n...\n{shown[-half:].partition(chr(10))[2]}"


def _short(line: str) -> str:
    return line if len(line) <= _MAX_LINE else f"{line[:_MAX_LINE]} ..."


def _parts(lines: Sequence[str]) -> Iterator[str]:
    """Yield lines joined to texts of about the length of a passage."""
    short = [_short(line) for line in lines]
    for group in _grouped([len(line) + 1 for line in short], _LENGTH):
        yield "\n".join(short[index] for index in group)


def _grouped(lengths: Iterable[int], limit: int) -> Iterator[range]:
    """Yield the ranges of neighbours whose lengths together stay below `limit`, each of one at least."""
    start, total, end = 0, 0, 0
    for end, length in enumerate(lengths):
        if total and total + length > limit:
            yield range(start, end)
            start, total = end, 0
        total += length
    if total:
        yield range(start, end + 1)
