"""Cells as a question about the notebook shows them: under their number, fenced, with a bounded part of the output."""

from __future__ import annotations

import re
from collections.abc import Sequence

from llama_assist.syntax import cell_language, sound
from llama_assist.types import Cell, cell_number

LABEL_TOKENS = 14  # more than the number and the fences of a cell ever take
_FENCES = re.compile(r"^\s*(`{3,})", re.MULTILINE)
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_MAX_OUTPUT = 400


def fenced(text: str, language: str) -> str:
    """Return `text` in a fence that nothing in it can close."""
    longest = max((len(found) for found in _FENCES.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def numbered(index: int, text: str, language: str) -> str:
    """Return the text of a cell under its number."""
    return f"Cell {cell_number(index)}:\n{fenced(text, language)}"


def output_block(index: int, text: str) -> str:
    """Return what a cell has written under the number of the cell."""
    return f"Output of cell {cell_number(index)}:\n{fenced(text, '')}"


def fence_language(cell: Cell, default: str) -> str:
    """Return the word behind the fence of a cell."""
    return cell_language(cell.source, default) if cell.type == "code" else "markdown"


def output_text(index: int, outputs: Sequence[str], most: int = _MAX_OUTPUT) -> str:
    """Return the beginning and the end of what a cell has written, without colours; empty where it wrote nothing."""
    text = sound(_COLOURS.sub("", "\n".join(outputs))).strip()
    if len(text) > most:
        text = f"{text[: most * 2 // 3].rstrip()}\n...\n{text[-(most // 3) :].lstrip()}"
    return output_block(index, text) if text else ""
