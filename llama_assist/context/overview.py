"""A whole notebook in few words: its headings, how its texts begin, imports, signatures, and first lines of code."""

from __future__ import annotations

from collections.abc import Iterator

from llama_assist.context.passages import Passage, PassageKind, PieceCache
from llama_assist.context.prose import heading, plain
from llama_assist.syntax import sound
from llama_assist.types import Cell, Document

_OPENING = 600  # characters of the first text
_BEGINNING = 200  # characters of what follows a heading
_MAX_LINE = 120
_MAX_LINES = 6
_FIRST, _HEADING, _LAST, _SIGNATURE, _IMPORT, _TEXT, _CODE = range(7)


def overview(document: Document, cache: PieceCache) -> list[Passage]:
    """Return short passages, one for each cell with something to say, what tells most of the whole first."""
    texts = [index for index, cell in enumerate(document.cells) if cell.type == "markdown" and cell.source.strip()]
    ranked: list[tuple[int, Passage]] = []
    for index, cell in enumerate(document.cells):
        if cell.type == "code":
            ranked += [(rank, _passage(index, "code", text)) for rank, text in _code(cell, document, cache)]
        else:
            place = _FIRST if texts[:1] == [index] else _LAST if texts[-1:] == [index] else _TEXT
            ranked += [(rank, _passage(index, "text", text)) for rank, text in _text(cell, place)]
    return [passage for _, passage in sorted(ranked, key=lambda pair: pair[0])]


def _passage(cell: int, kind: PassageKind, text: str) -> Passage:
    return Passage(cell, 0, kind, text)


def _text(cell: Cell, place: int) -> Iterator[tuple[int, str]]:
    """Yield what to show of a text cell: its headings, each with the beginning of what follows."""
    lines = plain(sound(cell.source))
    if not lines:
        return
    if place == _FIRST:
        yield _FIRST, _cut("\n".join(lines), _OPENING)
        return
    headings = [index for index, line in enumerate(lines) if heading(line)]
    if not headings:
        yield place, _cut(lines[0], _BEGINNING)
        return
    shown = [f"{lines[index]}\n{_after(lines, index)}".strip() for index in headings]
    yield _HEADING, "\n".join(shown)


def _after(lines: list[str], index: int) -> str:
    following = lines[index + 1] if index + 1 < len(lines) else ""
    return "" if heading(following) else _cut(following, _BEGINNING)


def _code(cell: Cell, document: Document, cache: PieceCache) -> Iterator[tuple[int, str]]:
    """Yield what to show of a code cell: signatures or imports, or its first line."""
    outline = cache.outline(cell, document.language)
    if outline.signatures:
        yield _SIGNATURE, "\n".join(each.text for each in outline.signatures[:_MAX_LINES])
    elif outline.imports:
        yield _IMPORT, "\n".join(each.text for each in outline.imports[:_MAX_LINES])
    else:
        line = next((line for line in sound(cell.source).splitlines() if line.strip()), "")
        if line:
            yield _CODE, _cut(line, _MAX_LINE)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[:length].rpartition(" ")[0] + " ..."
