"""How much of a long text is worth parsing: all of it, or a window where it is so broken that parsing gets slow."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import tree_sitter

_LONG = 16_384  # shorter texts are parsed whole, however broken
_MOST = 32_768  # of a text that holds together: some 800 lines, which no cell of a notebook has
_SAMPLES = 3
_SAMPLE = 1_024
_FEW = 1.0  # errors per kB; code that a person is at work on has a few per file
_ERRORS = 256  # in one window: tree-sitter needs 15 to 40 microseconds to get over each
_LEAST = 2_048
_TOP_LEVEL = re.compile(rb"(?<=\n)(?=[^\s#)\]}])")

Parse = Callable[[bytes], tree_sitter.Tree | None]


@dataclass(frozen=True, slots=True)
class Window:
    """The range of bytes to parse, and whether it is known to be badly broken."""

    start: int
    end: int
    is_broken: bool = False


def find_window(data: bytes, focus: int, parse: Parse) -> Window:
    """Return what to parse of a text: it holds byte `focus`, and moves in steps when that moves.

    It depends on the text alone, not on the time that parsing takes; `parse` is asked for some samples of the text.
    """
    if len(data) <= _LONG:
        return Window(0, len(data))
    density = _density(data, parse)
    is_broken = density > _FEW
    size = _LONG if is_broken else _MOST
    while is_broken and size > _LEAST and size * density > _ERRORS * 1_024:
        size //= 2
    if size >= len(data):
        return Window(0, len(data), is_broken)
    step = size // 4
    start = max(0, focus - size // 2) // step * step
    end = start + size
    lines = _top_level(data, start, start + step) if start > 0 else [0]
    last_lines = _top_level(data, end - step, end) if end < len(data) else [len(data)]
    return Window(lines[0] if lines else start, last_lines[-1] if last_lines else end, is_broken)


def _density(data: bytes, parse: Parse) -> float:
    """Return the errors per kB of the text, the median of samples that begin where a statement does."""
    found = []
    for number in range(_SAMPLES):
        start = len(data) * number // _SAMPLES
        line = _TOP_LEVEL.search(data, start) if start > 0 else None
        start = line.start() if line is not None else start
        sample = data[start : start + _SAMPLE]
        tree = parse(sample)
        found.append(float("inf") if tree is None else _num_errors(tree) * 1_024 / len(sample))
    return median(found)


def _top_level(data: bytes, start: int, end: int) -> list[int]:
    """Return where lines begin that are not indented."""
    return [found.start() for found in _TOP_LEVEL.finditer(data, start, end)]


def _num_errors(tree: tree_sitter.Tree) -> int:
    """Count what breaks the grammar, but for what reaches the end: there the sample was cut."""
    number, nodes = 0, [tree.root_node]
    for node in nodes:
        number += (node.is_error or node.is_missing) and node.end_byte < tree.root_node.end_byte
        nodes += [child for child in node.children if child.has_error]
    return number
