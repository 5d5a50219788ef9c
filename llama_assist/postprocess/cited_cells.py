"""The cells that an answer names by number, as a reader would find them."""

from __future__ import annotations

import re

from llama_assist.types import cell_index

# "cell 3", "Cells 3, 4 and 7", "cells 2-4", "Zelle 3", "cellule 3", "celda 3", "ячейка 3", "单元格 3", "セル3"
_NAMED = re.compile(
    r"\b(?:cells?|zellen?|cellules?|celdas?|ячейк\w*|células?)\s*#?\s*(?P<list>\[?\d+\]?"
    r"(?:\s*(?:,|and|und|et|y|и|e|-|–|to|bis|through)\s*(?:cells?\s*)?\[?\d+\]?)*)"
    r"|(?:单元格|單元格|单元|セル|셀)\s*\[?(?P<after>\d+)\]?"
    r"|第\s*(?P<before>\d+)\s*个?(?:单元格|單元格|单元|セル)",
    re.IGNORECASE,
)
_RANGE = re.compile(r"(\d+)\]?\s*(?:-|–|to|bis|through)\s*\[?(\d+)")
_MAX_RANGE = 50
_MAX_DIGITS = 6


def cited_cells(text: str, num_cells: int) -> tuple[int, ...]:
    """Return the indices of existing cells that the text names, in the order of their first mention."""
    cited: dict[int, None] = {}
    for found in _NAMED.finditer(text):
        for index in map(cell_index, _numbers(found["list"] or found["after"] or found["before"])):
            if 0 <= index < num_cells:
                cited[index] = None
    return tuple(cited)


def _numbers(text: str) -> list[int]:
    numbers = [int(digits) for digits in re.findall(r"\d+", text) if len(digits) <= _MAX_DIGITS]
    for first, last in _RANGE.findall(text):
        if len(last) <= _MAX_DIGITS and int(first) < int(last) <= int(first) + _MAX_RANGE:
            numbers += range(int(first) + 1, int(last))
    return numbers
