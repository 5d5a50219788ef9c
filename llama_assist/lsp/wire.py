"""What is open in the editor, as the document of a request: all cells of a notebook, or the parts of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import unquote, urlsplit

from lsprotocol import types

from llama_assist.lsp.documents import Documents, Notebook, Text

MAX_SOURCES = 1_000_000  # characters of all cells of one request; the server takes 2 MiB
MAX_BEFORE = 400_000  # characters of the text before the cursor
MAX_AFTER = 100_000
MAX_CELLS = 5000

Cell = dict[str, Any]


def wire_document(
    documents: Documents, text: Text, parts: Sequence[str], current: int = 0, roots: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the document of a request in which `text` is cut into `parts`, the `current` of which it is about.

    Each part is a cell among the other cells of its notebook. Cells far away lose their text where all is too long.
    """
    notebook = documents.notebook_of(text.uri)
    if notebook is None:
        kind = "markdown" if text.language == "markdown" else "code"
        cells, at, language, uri = [_cell(kind, part) for part in parts], current, text.language, text.uri
    else:
        language, uri = _language(documents, notebook, text), notebook.uri
        place = notebook.index(text.uri) or 0
        own = [_notebook_cell(notebook.cells[place], text, language, part) for part in parts]
        cells = [_notebook_cell(cell, documents.text(cell.document), language) for cell in notebook.cells]
        cells[place : place + 1], at = own, place + current
    return {"path": short_path(uri, roots), "language": language, "cell": at, "cells": _bounded(cells, at)}


def around(text: Text, offset: int) -> tuple[str, str]:
    """Return the text before and after an offset, as the server reads it: with `\\n`, and at most half a megabyte."""
    before = text.text[max(0, offset - MAX_BEFORE) : offset]
    if offset > MAX_BEFORE:
        before = before[before.find("\n") + 1 :]
    return plain(before), plain(text.text[offset : offset + MAX_AFTER])


def plain(source: str) -> str:
    """Return a text with `\\n` as its only line break."""
    return source.replace("\r\n", "\n").replace("\r", "\n")


def other_versions(documents: Documents, text: Text) -> tuple[tuple[str, int], ...]:
    """Return which states the other cells are in; equal where nothing but `text` can have changed."""
    notebook = documents.notebook_of(text.uri)
    others = () if notebook is None else (documents.text(cell.document) for cell in notebook.cells)
    return tuple((each.uri, each.version) for each in others if each is not None and each.uri != text.uri)


def short_path(uri: str, roots: Sequence[str]) -> str:
    """Return the path of a file below the folder that the editor has open; else its name alone."""
    path = _path(uri)
    for root in map(_path, roots):
        if root and path.startswith(root.rstrip("/") + "/"):
            return path[len(root.rstrip("/")) + 1 :]
    return PurePath(path).name


def _path(uri: str) -> str:
    return unquote(urlsplit(uri).path)


def _cell(kind: str, source: str) -> Cell:
    return {"type": kind, "source": plain(source)}


def _notebook_cell(cell: types.NotebookCell, text: Text | None, language: str, source: str | None = None) -> Cell:
    """Return a cell; code in another language than the notebook's is no code that names could come from."""
    is_code = cell.kind == types.NotebookCellKind.Code
    is_own = text is not None and text.language == language
    kind = "markdown" if not is_code else "code" if is_own else "raw"
    wire = _cell(kind, source if source is not None else text.text if text is not None else "")
    summary = cell.execution_summary
    if kind == "code" and summary is not None:
        wire["execution_count"] = summary.execution_order
    return wire


def _language(documents: Documents, notebook: Notebook, text: Text) -> str:
    """Return the language of the cell at hand; in prose, that of the first code cell."""
    code = [cell.document for cell in notebook.cells if cell.kind == types.NotebookCellKind.Code]
    texts = [text, *(found for found in map(documents.text, code) if found is not None)]
    return next((each.language for each in texts if each.uri in code), "python")


def _bounded(cells: list[Cell], at: int) -> list[Cell]:
    """Empty the cells farthest from the current one until the rest fits; indexes stay."""
    room = MAX_SOURCES
    for index in sorted(range(len(cells)), key=lambda place: abs(place - at)):
        room -= len(cells[index]["source"])
        if room < 0 and index != at:
            cells[index] = {**cells[index], "source": ""}
    return cells[: max(MAX_CELLS, at + 1)]


def completion_body(
    document: Mapping[str, Any], prefix: str, suffix: str, n: int, max_tokens: int, manual: bool
) -> dict[str, Any]:
    """Return the body of `POST v1/completions`."""
    return {
        "prompt": prefix,
        "suffix": suffix,
        "document": document,
        "n": n,
        "max_tokens": max_tokens,
        "manual": manual,
    }
