"""Files on disk to documents with a cursor: notebooks by cell and offset, sources by line and column."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llama_assist.errors import InvalidRequestError
from llama_assist.types import Cell, Document, cell_number


@dataclass(frozen=True, slots=True)
class Place:
    """A document and the text of its current cell around the cursor."""

    document: Document
    prefix: str
    suffix: str


def read_notebook(path: Path, *, with_outputs: bool = False) -> Document:
    """Return the cells of a notebook of any format version; outputs as plain texts, if wanted.

    Raises `InvalidRequestError` if the file cannot be read or is no notebook.
    """
    from nbformat import NBFormatError, ValidationError, convert, reader

    try:
        notebook = convert(reader.reads(read_text(path)), 4)  # type: ignore[no-untyped-call]
    except (NBFormatError, ValidationError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise InvalidRequestError(f"{path} is no notebook: {error}") from error
    cells = tuple(_cell(cell, with_outputs) for cell in notebook.cells)
    language = notebook.metadata.get("language_info", {}).get("name", "python")
    return Document(cells, path=str(path), language=language)


def place_in_notebook(document: Document, cell: int, offset: int | None) -> Place:
    """Return the cursor `offset` characters (Unicode code points) into the cell at index `cell`, or at its end.

    Raises `InvalidRequestError` naming what is there.
    """
    if not 0 <= cell < len(document.cells):
        raise InvalidRequestError(f"{document.path} has {len(document.cells)} cells; count them from 1.", "cell")
    source = document.cells[cell].source
    return _split(Document(document.cells, cell, document.path, document.language), offset, source)


def place_in_source(path: Path, line: int, column: int | None, language: str = "python") -> Place:
    """Return the cursor in a source file: lines count from 1; `column` characters of the line stand before it.

    Raises `InvalidRequestError` naming what is there.
    """
    text = read_text(path)
    lines = text.split("\n")
    if not 1 <= line <= len(lines):
        raise InvalidRequestError(f"{path} has {len(lines)} lines; count them from 1.", "line")
    length = len(lines[line - 1])
    column = length if column is None else column
    if not 0 <= column <= length:
        raise InvalidRequestError(f"Line {line} of {path} has {length} characters.", "column")
    offset = sum(len(earlier) + 1 for earlier in lines[: line - 1]) + column
    return _split(Document((Cell(text),), path=str(path), language=language), offset, text)


def _split(document: Document, offset: int | None, source: str) -> Place:
    offset = len(source) if offset is None else offset
    if not 0 <= offset <= len(source):
        name = f"Cell {cell_number(document.cell)} of {document.path}"
        raise InvalidRequestError(f"{name} has {len(source)} characters.", "offset")
    return Place(document, source[:offset], source[offset:])


def read_text(path: Path) -> str:
    """Return a UTF-8 file; raise `InvalidRequestError` saying why it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequestError(f"{path} cannot be read: {error}") from error


def _cell(cell: Any, with_outputs: bool) -> Cell:
    outputs = tuple(_plain(output) for output in cell.get("outputs", ())) if with_outputs else ()
    return Cell(
        source=cell.source,
        type=cell.cell_type,
        id=cell.get("id", ""),
        outputs=tuple(output for output in outputs if output),
        execution_count=cell.get("execution_count"),
    )


def _plain(output: Any) -> str:
    """Return what an output says in plain text; pictures say nothing."""
    if output.output_type == "stream":
        return str(output.text)
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    return str(output.get("data", {}).get("text/plain", ""))
