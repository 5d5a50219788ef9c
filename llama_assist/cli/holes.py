"""Holes to fill and what was filled in: one JSON object a line, in and out."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast, get_args

from llama_assist.cli.place import read_text
from llama_assist.errors import InvalidRequestError
from llama_assist.types import Cell, CellType, CompletionRequest, Document, SamplingParams
from llama_assist.wire.fields import Fields

MAX_CELLS = 5000


@dataclass(frozen=True, slots=True)
class Hole:
    """A cursor in a notebook; `expected` is for the report alone and never a part of the document."""

    id: str
    document: Document
    prefix: str
    suffix: str
    kind: str = ""
    expected: str | None = None

    def request(self, max_tokens: int) -> CompletionRequest:
        """Return what an editor would send from here when the user asks, so that nothing is hidden as unsure."""
        sampling = SamplingParams(max_tokens=max_tokens)
        return CompletionRequest(self.prefix, self.suffix, self.document, sampling, manual=True)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was filled in, and what it cost; times in milliseconds, the first is that of the first text.

    `shown`: an automatic suggestion would have been shown.
    """

    id: str
    text: str
    ttft_ms: float
    total_ms: float
    prompt_tokens: int
    cached_tokens: int
    shown: bool = True

    def line(self) -> str:
        """Return the line to write."""
        return json.dumps(asdict(self), ensure_ascii=False) + "\n"


def read_holes(path: Path, limit: int | None = None) -> list[Hole]:
    """Return the first `limit` holes, or all; raise `InvalidRequestError` naming the line and field at fault."""
    numbered = [(number, line) for number, line in enumerate(read_text(path).split("\n"), 1) if line.strip()]
    return [_hole(line, f"{path}:{number}") for number, line in numbered[:limit]]


def _hole(line: str, place: str) -> Hole:
    try:
        fields = Fields(json.loads(line), place)
    except ValueError as error:
        raise InvalidRequestError(f"{place} is no JSON object: {error}.") from error
    cells = [_cell(other) for other in fields.objects("cells", MAX_CELLS)]
    index = fields.integer("cell", None, 0, len(cells) - 1)
    if index is None:
        raise fields.refusal("cell", "is missing")
    prefix, suffix = fields.needed("prefix"), fields.needed("suffix")
    # Whatever the file shows in the cell, a user who types has nothing in the place of the hole.
    cells[index] = Cell(prefix + suffix, cells[index].type)
    name = fields.needed("id")
    document = Document(tuple(cells), index, path=name)
    return Hole(name, document, prefix, suffix, fields.text("kind", ""), fields.text("expected", None))


def _cell(fields: Fields) -> Cell:
    return Cell(fields.needed("source"), cast(CellType, fields.choice("type", get_args(CellType), "code")))
