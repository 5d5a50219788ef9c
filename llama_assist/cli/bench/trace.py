"""Recorded typing: the requests that an editor sent, one after the other."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from llama_assist.cli.place import read_text
from llama_assist.errors import InvalidRequestError
from llama_assist.types import Cell, CompletionRequest, Document, SamplingParams
from llama_assist.wire.fields import Fields

MAX_KEYSTROKES = 100_000

_BETWEEN_CELLS = re.compile(r"\n\n+(?=\S)")


@dataclass(frozen=True, slots=True)
class Keystroke:
    """One request: `context` is the text of the cells before, `sequence` names the run of typing it belongs to."""

    sequence: str
    context: str
    prefix: str
    suffix: str

    def request(self, max_tokens: int) -> CompletionRequest:
        """Return what an editor would send: paragraphs of the context as cells, then the current cell."""
        cells = [Cell(text) for text in _BETWEEN_CELLS.split(self.context) if text]
        current = Cell(self.prefix + self.suffix)
        document = Document((*cells, current), len(cells), path=f"trace-{self.sequence}")
        return CompletionRequest(self.prefix, self.suffix, document, SamplingParams(max_tokens=max_tokens))


def read_trace(path: Path) -> list[Keystroke]:
    """Read a JSON array of {seq, context, prefix, suffix}; raise `InvalidRequestError` naming the item at fault."""
    try:
        fields = Fields({"trace": json.loads(read_text(path))}, str(path))
    except ValueError as error:
        raise InvalidRequestError(f"{path} is no JSON: {error}.") from error
    keystrokes = [_keystroke(item) for item in fields.objects("trace", MAX_KEYSTROKES)]
    if not keystrokes:
        raise InvalidRequestError(f"{path} holds no requests.")
    return keystrokes


def _keystroke(fields: Fields) -> Keystroke:
    return Keystroke(str(fields.get("seq")), fields.needed("context"), fields.needed("prefix"), fields.needed("suffix"))
