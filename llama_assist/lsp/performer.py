"""A chosen action, done: the model is asked, and its code becomes an edit, its words a page that is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lsprotocol import types

from llama_assist.lsp.actions import failure
from llama_assist.lsp.documents import Documents, Text
from llama_assist.lsp.engine import Engine, perform
from llama_assist.lsp.targets import Target, find_target, inserted, moved, replaced
from llama_assist.lsp.wire import plain, wire_document

_CELL = re.compile(r"\b[Cc]ells? (\d+)(?:[-–]\d+)?\b")
MAX_EXPLAINED = 200
CHANGED = "The code has changed while the model wrote; nothing was changed."
NO_CODE = "The model proposed no code that can be put there."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a task brought: its words, and where it changes code, the edit of `text`; `problem` says why it does not."""

    words: str
    text: Text | None = None
    edit: types.TextEdit | None = None
    problem: str = ""


class Performer:
    """Does tasks on what is open, and remembers explanations for as long as the code says the same."""

    def __init__(self, documents: Documents, engine: Engine, roots: Sequence[str] = ()) -> None:
        self._documents = documents
        self._engine = engine
        self._roots = roots
        self._explained: dict[tuple[str, str], str] = {}

    def target(self, uri: str, given: types.Range) -> tuple[Text, Target] | None:
        """Return what a range of an open text is about; None where nothing is there."""
        text = self._documents.text(uri)
        if text is None:
            return None
        found = find_target(text, given, is_cell=self._documents.notebook_of(uri) is not None)
        return None if found is None else (text, found)

    def known(self, uri: str, given: types.Range) -> str:
        """Return the explanation that was made of what is there; nothing where there is none."""
        found = self.target(uri, given)
        return "" if found is None else self._explained.get((found[0].language, found[1].source), "")

    async def perform(
        self,
        task: str,
        uri: str,
        given: types.Range,
        diagnostics: Sequence[dict[str, Any]],
        grown: Callable[[str], None],
        *,
        is_chosen: bool,
    ) -> Outcome:
        """Do a task; `grown` gets the text so far, in another thread. Raises `AssistError`, which was told already."""
        found = self.target(uri, given)
        if found is None:
            return Outcome("", problem="There is no code here.")
        text, target = found
        body = self._body(task, text, target, diagnostics)
        words, details = await self._engine.ask(lambda client: perform(client, body, grown), is_chosen=is_chosen)
        if self._documents.notebook_of(uri) is None:
            words = _without_cells(words, int(body["document"]["cell"]) + 1)
        if task == "explain":
            self._remember((text.language, target.source), words)
            return Outcome(words)
        return self._edited(uri, text, target, details, words)

    def _remember(self, code: tuple[str, str], words: str) -> None:
        self._explained[code] = words
        while len(self._explained) > MAX_EXPLAINED:
            del self._explained[next(iter(self._explained))]

    def _body(self, task: str, text: Text, target: Target, diagnostics: Sequence[dict[str, Any]]) -> dict[str, Any]:
        before, after = text.text[: target.start], text.text[target.end :]
        parts = [before, target.source, after]
        current = 1 if before.strip() else 0
        parts = [part for place, part in enumerate(parts) if place == 1 or part.strip()]
        body: dict[str, Any] = {
            "task": task,
            "document": wire_document(self._documents, text, parts, current, self._roots),
        }
        error = failure(diagnostics, target, text.lines.line_of(target.start))
        return body if error is None else {**body, "error": error}

    def _edited(self, uri: str, old: Text, target: Target, details: dict[str, Any], words: str) -> Outcome:
        """Return the edit that the answer's code asks for, at the place where its target is by now."""
        code = details.get("code")
        if not code:
            return Outcome(words, problem=words if details.get("refused") else f"{NO_CODE}\n\n{words}".strip())
        text = self._documents.text(uri)
        now = moved(text, old, target) if text is not None else None
        if text is None or now is None:
            return Outcome(words, problem=CHANGED)
        written = plain(str(code["text"])).strip("\n")
        is_cell = self._documents.notebook_of(uri) is not None
        is_new = code.get("action") != "replace"
        edit = inserted(text, now, written, is_cell=is_cell) if is_new else replaced(text, now, written)
        return Outcome(words, text, edit, "" if edit is not None else "The model would change nothing here.")


def _begins(words: str, offset: int) -> bool:
    """Tell whether a sentence begins at an offset."""
    before = words[:offset].rstrip()
    return not before or before[-1] in ".:!?\n"


def _without_cells(words: str, own: int) -> str:
    """Return words about a file, whose parts the model knows as cells: above the code that it is about, or below."""

    def place(found: re.Match[str]) -> str:
        number = int(found[1])
        where = "this code" if number == own else "the code above" if number < own else "the code below"
        return where.capitalize() if found[0][0] == "C" and _begins(words, found.start()) else where

    return _CELL.sub(place, words)
