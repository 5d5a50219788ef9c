"""How the objects of a streamed answer follow each other on the wire."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Framing:
    """What stands around each object; `end` closes an answer that is whole, `beat` fills a silence."""

    content_type: str
    before: str
    after: str
    end: str = ""
    beat: str = ""

    def frame(self, data: object) -> str:
        """Return one object as it goes over the wire."""
        return f"{self.before}{json.dumps(data, separators=(',', ':'))}{self.after}"


EVENTS = Framing("text/event-stream", "data: ", "\n\n", "data: [DONE]\n\n", ": keep-alive\n\n")
BARE_EVENTS = Framing("text/event-stream", "data: ", "\n\n", beat=": keep-alive\n\n")
"""llama.cpp's own routes: the last object says `stop`, and nothing comes after it."""
LINES = Framing("application/x-ndjson", "", "\n")
"""Ollama's: a client parses every line, so there is nothing that could fill a silence."""
