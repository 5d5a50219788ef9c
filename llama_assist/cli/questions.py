"""Questions about notebooks with the cells that answer them: one JSON object a line, and the notebooks beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from llama_assist.cli.place import read_notebook, read_text
from llama_assist.errors import InvalidRequestError
from llama_assist.types import Cell, CellType, Document
from llama_assist.wire.fields import Fields

NOTEBOOKS = "notebooks.jsonl"
_MAX_CELLS = 5000
_MAX_OUTPUTS = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """A question; `gold` are the cells that hold the answer, none where the notebook does not tell.

    `also` are cells that may be cited beside them.
    """

    id: str
    document: Document
    question: str
    kind: str
    gold: frozenset[int]
    also: frozenset[int]

    @property
    def is_answerable(self) -> bool:
        """Whether the notebook holds the answer."""
        return bool(self.gold)


def read_questions(paths: Iterable[Path]) -> list[Asked]:
    """Return the questions of all files.

    A question's `notebook` is an `.ipynb` file, from the folder of its file on, or the id of a line in
    `notebooks.jsonl` there. Raises `InvalidRequestError` naming the line and field at fault.
    """
    found: list[Asked] = []
    for path in paths:
        notebooks = _Notebooks(path.parent)
        found += [_question(fields, notebooks) for fields in _lines(path)]
    return found


class _Notebooks:
    """The notebooks beside a file of questions, each read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Document] = {}
        if (folder / NOTEBOOKS).is_file():
            self._known = {each.path: each for each in map(_notebook, _lines(folder / NOTEBOOKS))}

    def of(self, name: str) -> Document:
        """Return the notebook of that id or file name."""
        if name not in self._known and name.endswith(".ipynb"):
            self._known[name] = read_notebook(self._folder / name, with_outputs=True)
        if name not in self._known:
            raise InvalidRequestError(f"There is no notebook {name!r} in {self._folder / NOTEBOOKS}.", "notebook")
        return self._known[name]


def _lines(path: Path) -> Iterator[Fields]:
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            yield Fields(json.loads(line), f"{path}:{number}")
        except ValueError as error:
            raise InvalidRequestError(f"{path}:{number} is no JSON object: {error}.") from error


def _question(fields: Fields, notebooks: _Notebooks) -> Asked:
    document = notebooks.of(fields.needed("notebook"))
    last = len(document.cells) - 1
    return Asked(
        fields.needed("id"),
        document,
        fields.needed("question"),
        fields.text("kind", ""),
        frozenset(_indices(fields, "gold", last)),
        frozenset(_indices(fields, "also", last)),
    )


def _indices(fields: Fields, name: str, last: int) -> list[int]:
    items = fields.items(name, _MAX_CELLS)
    found = [item for item in items if isinstance(item, int) and not isinstance(item, bool) and 0 <= item <= last]
    if len(found) != len(items):
        raise fields.refusal(name, f"must hold indices of cells, from 0 to {last}")
    return found


def _notebook(fields: Fields) -> Document:
    cells = tuple(_cell(cell) for cell in fields.objects("cells", _MAX_CELLS))
    return Document(cells, path=fields.needed("id"), language=fields.text("language", "python"))


def _cell(fields: Fields) -> Cell:
    kind = cast(CellType, fields.choice("type", get_args(CellType), "code"))
    return Cell(fields.needed("source"), kind, outputs=fields.texts("outputs", _MAX_OUTPUTS))
