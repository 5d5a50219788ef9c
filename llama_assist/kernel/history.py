"""The notebook as its kernel knows it: the cells that were run, each under the number in its brackets."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

# Well below what the server takes, so that a long session never makes a question fail.
MAX_BYTES = 1_500_000
MAX_CELLS = 1_000
MAX_PLACES = 4_900
MAX_OUTPUT = 2_000

_LOADERS = ("%load_ext", "%reload_ext", "%unload_ext")


@dataclass(frozen=True, slots=True)
class Ran:
    """One cell; `number` stands in the brackets beside it, as in `In [3]`; `output` is the text that it showed."""

    number: int
    source: str
    output: str = ""
    type: str = "code"

    def on_wire(self) -> dict[str, object]:
        """Return it as the wire has cells."""
        outputs = {"outputs": [self.output]} if self.output else {}
        return {"source": self.source, "type": self.type, "execution_count": self.number, **outputs}


@dataclass(frozen=True, slots=True)
class History:
    """Executed cells, oldest first; `num_left_out` older ones did not fit. `now` is the number of the present cell."""

    cells: tuple[Ran, ...]
    num_left_out: int = 0
    now: int = 1

    @property
    def first(self) -> int:
        """The number of the cell that is the first of a document; others than 1 only after thousands of cells."""
        return max(1, self.now + 1 - MAX_PLACES)

    def find(self, number: int) -> Ran | None:
        """Return the cell with this number."""
        return next((cell for cell in self.cells if cell.number == number), None)

    def only(self, numbers: Collection[int]) -> History:
        """Return the history of some cells alone; the numbers stay."""
        return replace(self, cells=tuple(cell for cell in self.cells if cell.number in numbers))

    def without_context(self) -> History:
        """Return the history as if nothing had run."""
        return replace(self, cells=(), num_left_out=0)

    def with_cell(self, cell: Ran) -> History:
        """Return the history with `cell` in the place of the one with its number."""
        others = [each for each in self.cells if each.number != cell.number]
        return replace(self, cells=tuple(sorted([*others, cell], key=lambda each: each.number)))

    def document(self, path: str, number: int) -> dict[str, object]:
        """Return the `document` of a request about the cell `number`.

        Each cell stands at the place of its number, so that "cell 3" means the same to the model as to its reader;
        the places of cells that were run again, or are our own questions, are empty.
        """
        places: list[dict[str, object]] = [{"source": ""} for _ in range(self.now + 1 - self.first)]
        for cell in self.cells:
            if self.first <= cell.number <= self.now:
                places[cell.number - self.first] = cell.on_wire()
        return {"path": path, "language": "python", "cells": places, "cell": number - self.first}


def read_history(
    inputs: Sequence[str],
    outputs: Mapping[int, str] | None = None,
    max_bytes: int = MAX_BYTES,
    max_cells: int = MAX_CELLS,
) -> History:
    """Return what was run, from IPython's raw inputs (`inputs[n]` is cell n, the last one is the present cell).

    The newest are kept where not all fit.
    Our own magics are left out; of cells that were run again unchanged only the last run counts.
    """
    shown = {} if outputs is None else outputs
    latest = {source: number for number, source in enumerate(inputs) if not is_ours(source)}
    cells = [Ran(number, source, _cut(shown.get(number, ""))) for source, number in latest.items()]
    cells.sort(key=lambda cell: cell.number)
    size, num_kept = 0, 0
    for cell in reversed(cells[-max_cells:]):
        size += len(json.dumps(cell.on_wire(), ensure_ascii=False).encode("utf-8", "surrogatepass"))
        if size > max_bytes:
            break
        num_kept += 1
    num_left_out = len(cells) - num_kept
    return History(tuple(cells[num_left_out:]), num_left_out, max(1, len(inputs) - 1))


def is_ours(source: str) -> bool:
    """Tell whether a cell holds nothing but our magics, or nothing at all."""
    lines = [line.split() for line in source.splitlines() if line.strip()]
    return not lines or lines[0][0] == "%%llama" or all(map(_is_our_line, lines))


def _is_our_line(words: list[str]) -> bool:
    return words[0] == "%llama" or (words[0] in _LOADERS and words[1:] == ["llama_assist"])


def _cut(output: str) -> str:
    """Return the beginning and the end of a long output: the prompt shows no more of it."""
    if len(output) <= MAX_OUTPUT:
        return output
    return f"{output[: MAX_OUTPUT * 2 // 3]}\n...\n{output[-MAX_OUTPUT // 3 :]}"
