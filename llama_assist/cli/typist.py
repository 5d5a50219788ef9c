"""A typist at a cursor: types what is expected key by key, lets go of late suggestions, and takes the right ones."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, replace

from llama_assist.cli.holes import Hole
from llama_assist.cli.session import Session
from llama_assist.types import Cell, CompletionRequest, SamplingParams

_WORD = re.compile(r"\s*(\w+|[^\w\s]+)")


@dataclass(frozen=True, slots=True)
class Typist:
    """How somebody types: a key every `key_ms`, taking suggestions whole or by line, or also `by_word`."""

    key_ms: float
    by_word: bool = False
    max_tokens: int = 64


@dataclass(frozen=True, slots=True)
class Key:
    """One request of the editor and what came of it.

    `answered_ms`: when there was something to show, or it was clear that there is nothing; None where the next
    key came first. `tokens_read` of the prompt were not cached; None where it was cancelled before that was known.
    `accepted` characters were right and taken. `is_first`: nobody had typed here before, so nothing was cached.
    `is_line_start`: Enter was the last key.
    """

    kind: str
    is_first: bool
    is_line_start: bool
    answered_ms: float | None
    tokens_read: int | None
    tokens_written: int
    shown: bool = False
    accepted: int = 0


async def type_hole(session: Session, hole: Hole, typist: Typist) -> list[Key]:
    """Type the expected text and return the requests. The first one is waited for.

    What is shown is taken, at the price of one key, when it is what comes next; a single character never.
    """
    expected, at = hole.expected or "", 0
    keys: list[Key] = []
    while at < len(expected):
        keys.append(await _request(session, hole, at, typist, is_first=not keys))
        at += keys[-1].accepted or 1
    return keys


class _Screen:
    """The suggestion that the typist sees grow."""

    def __init__(self) -> None:
        self.text = ""
        self.first_ms: float | None = None
        self._started = time.perf_counter()

    def show(self, text: str) -> None:
        """Add text; the first has the time noted."""
        self.text += text
        self.note()

    def note(self) -> None:
        """Note the time if nothing was noted before: an answer without text is one too."""
        if self.first_ms is None:
            self.first_ms = self.elapsed_ms

    @property
    def elapsed_ms(self) -> float:
        """Time since the key."""
        return (time.perf_counter() - self._started) * 1e3


async def _request(session: Session, hole: Hole, at: int, typist: Typist, *, is_first: bool) -> Key:
    expected = hole.expected or ""
    typed, key_ms = hole.prefix + expected[:at], None if is_first else typist.key_ms
    screen = _Screen()
    await _look(session, _request_at(hole, typed, typist.max_tokens), screen, key_ms)
    accepted = right_part(screen.text, expected[at:], by_word=typist.by_word)
    key = Key(
        hole.kind,
        is_first=is_first,
        is_line_start=typed.endswith("\n"),
        answered_ms=screen.first_ms,
        tokens_read=session.backend.tokens_read,
        tokens_written=len(session.backend.token_times),
        shown=bool(screen.text),
        accepted=accepted if accepted > 1 else 0,
    )
    if key_ms is not None:
        await asyncio.sleep(max(0.0, key_ms - screen.elapsed_ms) / 1e3)
    return key


async def _look(session: Session, request: CompletionRequest, screen: _Screen, key_ms: float | None) -> None:
    """Watch the answer until it is whole, or until the next key cancels it, which frees the engine."""
    try:
        await asyncio.wait_for(session.complete(request, screen.show), None if key_ms is None else key_ms / 1e3)
    except asyncio.TimeoutError:
        return
    screen.note()


def _request_at(hole: Hole, typed: str, max_tokens: int) -> CompletionRequest:
    """Return what the editor sends by itself after a key, so that unsure text stays hidden."""
    document = hole.document
    cells = list(document.cells)
    cells[document.cell] = Cell(typed + hole.suffix, cells[document.cell].type)
    document = replace(document, cells=tuple(cells))
    return CompletionRequest(typed, hole.suffix, document, SamplingParams(max_tokens=max_tokens))


def right_part(text: str, expected: str, *, by_word: bool = False) -> int:
    """Return how many characters of `text` the typist takes: the whole, or its first line, or its first word."""
    parts = [text.rstrip(), text.partition("\n")[0].rstrip()]
    if by_word and (word := _WORD.match(text)):
        parts.append(word[0])
    return next((len(part) for part in parts if part and expected.startswith(part)), 0)
