"""The notebook of a kernel: its saved file with what ran since, or only what ran, and which of them it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from llama_assist.kernel.history import MAX_BYTES, MAX_OUTPUT, History

MAX_CELLS = 4_900
MAX_FILE = 50_000_000  # bytes
MAX_LABEL = 60
_OURS = "AssistPanel"


@dataclass(frozen=True, slots=True)
class NotebookCell:
    """One cell; `number` is what a reader calls it, `count` stands in its brackets, `output` is the text it showed."""

    number: int
    source: str
    type: str = "code"
    output: str = ""
    count: int | None = None
    id: str = ""

    @property
    def label(self) -> str:
        """The cell in a list of cells."""
        line = next((line.strip() for line in self.source.splitlines() if line.strip()), "(empty)")
        short = line if len(line) <= MAX_LABEL else f"{line[: MAX_LABEL - 1]}…"
        kind = "" if self.type == "code" else "text: "
        return f"{self.number} · {kind}{short}"

    def on_wire(self) -> dict[str, object]:
        """Return it as the wire has cells."""
        fields: dict[str, object] = {"source": self.source, "type": self.type, "id": self.id}
        if self.count is not None:
            fields["execution_count"] = self.count
        return fields | ({"outputs": [self.output]} if self.output else {})


@dataclass(frozen=True, slots=True)
class Notebook:
    """The cells in their order; `origin` says in words where they are from."""

    cells: tuple[NotebookCell, ...] = ()
    origin: str = ""

    def find(self, number: int) -> NotebookCell | None:
        """Return the cell with this number."""
        return next((cell for cell in self.cells if cell.number == number), None)

    @property
    def last_run(self) -> NotebookCell | None:
        """The cell that ran last, but for those that open panels."""
        ran = [cell for cell in self.cells if cell.count is not None and _OURS not in cell.source]
        return max(ran, key=lambda cell: cell.count or 0, default=None)

    def only(self, number: int) -> Notebook:
        """Return the notebook with the others' places empty."""
        return replace(self, cells=tuple(cell for cell in self.cells if cell.number == number))

    def without_outputs(self) -> Notebook:
        """Return the notebook with the sources alone."""
        return replace(self, cells=tuple(replace(cell, output="") for cell in self.cells))

    def document(self, path: str, number: int) -> tuple[dict[str, object], int, int]:
        """Return the `document` of a request about a cell, the number of its first cell, and how many had no room.

        Each cell stands at the place of its number. Where not all fit, those far from `number` are left out.
        """
        kept, size = dict[int, dict[str, object]](), 0
        for cell in sorted(self.cells, key=lambda each: abs(each.number - number)):
            on_wire = cell.on_wire()
            size += len(json.dumps(on_wire, ensure_ascii=False).encode("utf-8", "surrogatepass"))
            if size > MAX_BYTES or len(kept) >= MAX_CELLS:
                break
            kept[cell.number] = on_wire
        first = max(1, max(kept, default=1) - MAX_CELLS + 1)
        kept = {place: cell for place, cell in kept.items() if place >= first}
        places = [kept.get(place, {"source": ""}) for place in range(first, max(kept, default=first) + 1)]
        document = {"path": path, "language": "python", "cells": places, "cell": max(0, number - first)}
        return document, first, len(self.cells) - len(kept)


class SavedFile:
    """The notebook file as it was saved last; it is read again only when it has changed."""

    def __init__(self) -> None:
        self._stamp: tuple[object, ...] = ()
        self._cells: tuple[NotebookCell, ...] | None = None

    def cells(self, path: str) -> tuple[NotebookCell, ...] | None:
        """Return the cells, numbered from 1; None where there is no such file, or it is no notebook."""
        try:
            stat = Path(path).stat()
        except (OSError, ValueError):
            return None
        stamp = (path, stat.st_mtime_ns, stat.st_size)
        if stamp != self._stamp:
            self._stamp = stamp
            self._cells = _read(Path(path)) if path.endswith(".ipynb") and stat.st_size <= MAX_FILE else None
        return self._cells


def from_history(history: History) -> Notebook:
    """Return the notebook as far as the kernel alone knows it."""
    cells = tuple(NotebookCell(each.number, each.source, each.type, each.output, each.number) for each in history.cells)
    return Notebook(cells, "what this kernel ran, numbered as in the brackets; no saved notebook was found")


def with_runs(
    saved: Sequence[NotebookCell], history: History, ids: Mapping[int, str], inputs: Sequence[str]
) -> tuple[NotebookCell, ...]:
    """Return the saved cells as they are now, as far as it is known: with the sources of those that ran since.

    `ids` has the ids of the cells by execution count, `inputs` every source by execution count. Cells that ran and
    that the file does not have stand behind all others; older versions of a cell do not.
    """
    cells = list(saved)
    newest = {id: count for count, id in sorted(ids.items())}
    saved_at = max((cell.count or 0 for cell in cells if _is_run(cell, inputs)), default=0)
    for ran in history.cells:
        id = ids.get(ran.number, "")
        if newest.get(id, ran.number) != ran.number:
            continue
        place = _place(cells[: len(saved)], ran.source, id)
        if place is not None and cells[place].count != ran.number:
            cells[place] = replace(cells[place], source=ran.source, count=ran.number, output=ran.output)
        elif place is None and ran.number > saved_at:
            cells.append(NotebookCell(len(cells) + 1, ran.source, ran.type, ran.output, ran.number, id))
    return tuple(cells)


def _place(cells: Sequence[NotebookCell], source: str, id: str) -> int | None:
    """Return where the cell stands that has this source, or else this id."""
    code = [place for place, cell in enumerate(cells) if cell.type == "code"]
    same = [place for place in code if cells[place].source.strip() == source.strip()]
    mine = [place for place in code if id and cells[place].id == id]
    return next(iter([*(place for place in mine if place in same), *mine, *same]), None)


def _is_run(cell: NotebookCell, inputs: Sequence[str]) -> bool:
    """Tell whether this kernel has run the cell as it is, under the number that it has."""
    count = cell.count
    return count is not None and count < len(inputs) and inputs[count].strip() == cell.source.strip()


def _read(path: Path) -> tuple[NotebookCell, ...] | None:
    try:
        return read_cells(json.loads(path.read_text(encoding="utf-8-sig")))
    except (OSError, ValueError):
        return None  # it is being written, or no notebook: the kernel's own cells are used, and the panel says so


def read_cells(notebook: Any) -> tuple[NotebookCell, ...] | None:
    """Return the cells of a notebook in Jupyter's format, numbered from 1; None where it is none."""
    try:
        return tuple(_cell(number, cell) for number, cell in enumerate(notebook["cells"], 1))
    except (KeyError, TypeError, AttributeError):
        return None


def _cell(number: int, cell: Mapping[str, Any]) -> NotebookCell:
    shown = "\n".join(filter(None, map(_output, cell.get("outputs", ()))))
    count = cell.get("execution_count")
    # A shared document has its numbers as floats.
    ran = None if count is None else int(count)
    return NotebookCell(
        number, _joined(cell["source"]), str(cell["cell_type"]), _cut(shown), ran, str(cell.get("id", ""))
    )


def _output(output: Mapping[str, Any]) -> str:
    """Return the text of an output; pictures and HTML have none."""
    match output.get("output_type"):
        case "stream":
            return _joined(output.get("text", "")).rstrip("\n")
        case "error":
            return f"{output.get('ename', '')}: {output.get('evalue', '')}"
    data = output.get("data") or {}
    return "" if "application/vnd.jupyter.widget-view+json" in data else _joined(data.get("text/plain", ""))


def _joined(text: str | Sequence[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _cut(output: str) -> str:
    if len(output) <= MAX_OUTPUT:
        return output
    return f"{output[: MAX_OUTPUT * 2 // 3]}\n...\n{output[-MAX_OUTPUT // 3 :]}"
