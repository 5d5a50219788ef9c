"""The notebook as its kernel knows it: the cells that were run, in the order of their running."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

# Well below what the server takes, so that a long session never makes a question fail.
MAX_BYTES = 1_500_000
MAX_CELLS = 1_000

_LOADERS = ("%load_ext", "%reload_ext", "%unload_ext")


@dataclass(frozen=True, slots=True)
class History:
    """Sources of executed cells by execution count, oldest first; `num_left_out` older ones did not fit."""

    cells: tuple[tuple[int, str], ...]
    num_left_out: int = 0

    def document(self, path: str) -> dict[str, object]:
        """Return the `document` of a request; the cursor is in a new empty cell after all that were run."""
        cells: list[dict[str, object]] = [{"execution_count": count, "source": source} for count, source in self.cells]
        cells.append({"source": ""})
        return {"path": path, "language": "python", "cells": cells, "cell": len(cells) - 1}


def read_history(inputs: Sequence[str], max_bytes: int = MAX_BYTES, max_cells: int = MAX_CELLS) -> History:
    """Return what was run, from IPython's raw inputs (`inputs[n]` is cell n), the newest first to fit.

    Our own magics are left out; of cells that were run again unchanged only the last run counts.
    """
    latest = {source: count for count, source in enumerate(inputs) if not _is_ours(source)}
    cells = sorted((count, source) for source, count in latest.items())
    size, num_kept = 0, 0
    for _, source in reversed(cells[-max_cells:]):
        size += len(json.dumps(source, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        if size > max_bytes:
            break
        num_kept += 1
    num_left_out = len(cells) - num_kept
    return History(tuple(cells[num_left_out:]), num_left_out)


def _is_ours(source: str) -> bool:
    """Tell whether a cell holds nothing but our magics."""
    lines = [line.split() for line in source.splitlines() if line.strip()]
    return not lines or lines[0][0] == "%%llama" or all(map(_is_our_line, lines))


def _is_our_line(words: list[str]) -> bool:
    return words[0] == "%llama" or (words[0] in _LOADERS and words[1:] == ["llama_assist"])
