"""From the words of a magic to the requests that it sends: which route, which cells, which text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from IPython.core.error import UsageError

from llama_assist.kernel.answer import Answer
from llama_assist.kernel.braces import interpolate, is_code
from llama_assist.kernel.failures import Failed
from llama_assist.kernel.history import History, Ran
from llama_assist.kernel.paths import is_path, resolve
from llama_assist.kernel.schemas import schemas, value_text
from llama_assist.kernel.session import Session, without_outputs
from llama_assist.kernel.sources import names_in, words_in
from llama_assist.magic.options import TASKS, Options, cell_ranges, is_numbers, wrong
from llama_assist.magic.targets import cells_of, chosen, last_cell, named, place
from llama_assist.magic.texts import parts, read_notebook, read_text, summary_question

MAX_VARIABLES = 20
_SHOWING = ("ask", "chat")  # tasks that look at what cells have shown

Json = dict[str, Any]
Route = Literal["chat", "complete", "task"]


@dataclass(slots=True)
class Memory:
    """What is kept from magic to magic: the conversation, fixes that were offered by failing source, and defaults."""

    turns: list[dict[str, str]] = field(default_factory=list)
    offered: dict[str, list[str]] = field(default_factory=dict)
    lasting: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """What to send, one body after the other, each below its heading; `answer` waits to be filled.

    `inserts` puts the code of the answer into a new cell; `source` is the code that a fix is for.
    """

    route: Route
    bodies: Sequence[tuple[str, Json]]
    answer: Answer
    inserts: bool = False
    source: str = ""


class Composer:
    """Composes one order. `text` is what stands below the magic; `options` have the session's defaults in them."""

    def __init__(self, options: Options, session: Session, text: str, memory: Memory) -> None:
        self._options = options
        self._session = session
        self._text = text
        self._memory = memory
        history = session.history()
        self.num_left_out = history.num_left_out
        self._known = history  # names and numbers of arguments mean any cell
        self._history = self._context(history)

    def order(self) -> Order:
        """Return what to send; raise `UsageError` where something is missing."""
        match self._options.task:
            case "ask" if self._options.raw:
                return self._continued()
            case "ask" | "chat":
                return self._asked()
            case "complete":
                return self._completed()
            case "fix":
                return self._fixed()
            case "next":
                return self._next()
            case "summarize":
                return self._summarized()
            case "translate":
                return self._translated()
        return self._on_cell(self._options.args)

    # --- questions ---

    def _asked(self) -> Order:
        question = "\n\n".join(part for part in (" ".join(self._options.args), self._text.strip()) if part)
        if not question:
            raise UsageError("Write the question in the lines below %%llama.")
        question = interpolate(question, self._session.namespace)
        history = self._with_values(self._history)
        if self._options.task == "chat":
            self._memory.turns.append({"role": "user", "content": question})
            return self._chat(list(self._memory.turns), history)
        if self._options.no_context or not history.cells:
            return self._chat([{"role": "user", "content": question}], history)
        return self._task(history, history.now, {"question": question})

    def _chat(self, messages: list[dict[str, str]], history: History) -> Order:
        body = self._settings("max_tokens") | {"messages": messages}
        if not self._options.no_context and history.cells:
            body["document"] = self._document(history, history.now)
        return self._make("chat", [("", body)])

    def _continued(self) -> Order:
        text = self._text.removesuffix("\n")
        if not text.strip():
            raise UsageError("Write the text to continue in the lines below %%llama --raw.")
        return self._make("complete", [("", self._settings("max_tokens") | {"prompt": text, "raw": True})])

    # --- tasks on code ---

    def _completed(self) -> Order:
        code = (
            self._text.removesuffix("\n") or chosen(self._options.args, "complete", self._session, self._known).source
        )
        history = self._history.with_cell(Ran(self._history.now, code))
        body = {"prompt": code, "suffix": "", "manual": True, "document": self._document(history, history.now)}
        order = self._make("complete", [("", self._settings("max_tokens") | body)], history.first)
        order.answer.code_before = code
        return order

    def _on_cell(self, args: Sequence[str], fields: Json | None = None) -> Order:
        """Return the order for a task on code: that below the magic, or that the arguments name."""
        is_below = bool(self._text.strip()) and not args
        cell = self._below() if is_below else chosen(args, self._options.task, self._session, self._known)
        wish = "" if is_below else self._text.strip()
        return self._about(cell, args, {"question": interpolate(wish, self._session.namespace), **(fields or {})})

    def _about(self, cell: Ran, args: Sequence[str], fields: Json) -> Order:
        history = place(cell, args, self._history)
        order = self._task(history, cell.number, fields)
        if cell.number != self._known.now:
            order.answer.subject = f"{self._options.task} of {named(cell, args, self._known)}"
        return order

    def _fixed(self) -> Order:
        args, failures = self._options.args, self._session.failures
        failed: Failed | None = None
        if args or self._text.strip():
            cell = self._below() if not args else chosen(args, "fix", self._session, self._known)
            failed = failures.of(cell.number) if args else None
        elif failures.last is None:
            raise wrong("fix", "No cell has failed. Put the code below %%llama fix, or name a cell.")
        else:
            failed = failures.last
            cell = Ran(failed.number, failed.source)
        fields: Json = {"avoid": self._memory.offered.get(cell.source, [])[-10:]}
        if failed is not None:
            fields["error"] = failed.on_wire()
        if args:
            fields["question"] = interpolate(self._text.strip(), self._session.namespace)
        self._options.vars = [*(self._options.vars or ()), *self._names_of(cell, failed)]
        return replace(self._about(cell, args, fields), inserts=True, source=cell.source)

    def _next(self) -> Order:
        wish = "\n\n".join(part for part in (" ".join(self._options.args), self._text.strip()) if part)
        failed = self._session.failures
        history = self._history.only({cell.number for cell in self._history.cells if not failed.of(cell.number)})
        cell = last_cell("next", history)
        order = self._task(history, cell.number, {"question": interpolate(wish, self._session.namespace)})
        return replace(order, inserts=True)

    # --- texts ---

    def _summarized(self) -> Order:
        args, text = self._options.args, self._text.strip()
        if not args and text:
            return self._summary_of(interpolate(text, self._session.namespace))
        if not args:
            last = last_cell("summarize", self._history)
            return self._task(self._history, last.number, {})
        if all(map(is_numbers, args)):
            cells = cells_of([numbers for word in args for numbers in cell_ranges(word)], self._known)
            history = self._known.only({cell.number for cell in cells})
            return self._task(history, cells[-1].number, {"question": text})
        if len(args) > 1:
            raise wrong("summarize", "One name or one file at a time.")
        return self._summary_of_word(args[0])

    def _summary_of_word(self, word: str) -> Order:
        value = self._text_value(word)
        if value is not None:
            return self._summary_of(value)
        if Path(word).expanduser().is_file():
            if not word.endswith(".ipynb"):
                return self._summary_of(read_text(word))
            history = read_notebook(word)
            return self._task(history, 1, {"question": self._text.strip()}, word)
        if not is_path(word):
            raise wrong("summarize", f"There is no file `{word}`.")
        cell = chosen([word], "summarize", self._session, self._known)
        return self._task(self._known.without_context().with_cell(cell), cell.number, {})

    def _summary_of(self, text: str) -> Order:
        pieces = parts(text)
        if not pieces:
            raise wrong("summarize", "There is no text.")
        settings = self._settings("max_tokens")
        bodies = [
            (
                f"**Part {number} of {len(pieces)}:** " if len(pieces) > 1 else "",
                settings | {"messages": [{"role": "user", "content": summary_question(piece)}]},
            )
            for number, piece in enumerate(pieces, 1)
        ]
        return self._make("chat", bodies)

    def _translated(self) -> Order:
        if not self._options.args or is_numbers(self._options.args[0]):
            raise wrong("translate", "Say the language first, as in: %llama translate German 3.")
        language, *args = self._options.args
        text = self._text_value(args[0]) if len(args) == 1 else None
        if not args and self._text.strip() and not is_code(self._session.transform(self._text)):
            text = interpolate(self._text.strip(), self._session.namespace)
        if text is None:
            return self._on_cell(args, {"language": language})
        return self._about(Ran(self._known.now, text, "", "markdown"), (), {"language": language})

    # --- parts of requests ---

    def _task(self, history: History, number: int, fields: Json, path: str | None = None) -> Order:
        name = TASKS[self._options.task].wire or "ask"
        fields = {key: value for key, value in fields.items() if value}
        if name not in _SHOWING:
            history = without_outputs(history)
            fields = self._values_told(fields)
        body = self._settings("max_completion_tokens") | {"task": name, **fields}
        body["document"] = self._document(history, number, path)
        return self._make("task", [("", body)], history.first)

    def _make(self, route: Route, bodies: list[tuple[str, Json]], first: int = 1) -> Order:
        digest = hashlib.sha256(json.dumps([body for _, body in bodies], sort_keys=True).encode()).hexdigest()
        answer = Answer(prompt_sha256=digest, task=self._options.task, first=first)
        return Order(route, bodies, answer, self._options.code)

    def _settings(self, max_tokens: str) -> Json:
        given = {max_tokens: self._options.max_tokens}
        given |= {name: getattr(self._options, name) for name in ("temperature", "seed", "model")}
        return {name: value for name, value in given.items() if value is not None}

    def _document(self, history: History, number: int, path: str | None = None) -> Json:
        document = history.document(self._session.path if path is None else path, number)
        variables = schemas(self._variables()[:MAX_VARIABLES], self._session.namespace)
        return document | ({"variables": variables} if variables else {})

    def _context(self, history: History) -> History:
        if self._options.no_context:
            return history.without_context()
        if self._options.cells is None:
            return history
        return history.only({cell.number for cell in cells_of(self._options.cells, history)})

    def _below(self) -> Ran:
        return Ran(self._known.now, self._text.removesuffix("\n"))

    def _variables(self) -> list[str]:
        names = list(self._options.vars or ())
        missing = [name for name in names if name not in self._session.namespace]
        if missing:
            raise UsageError(f"There is no variable `{missing[0]}`.")
        return names

    def _names_of(self, cell: Ran, failed: Failed | None) -> list[str]:
        """Return the variables of a cell, those of the line that failed first."""
        known = set(self._session.names())
        first = words_in(failed.line) if failed else []
        names = dict.fromkeys([*first, *names_in(self._session.transform(cell.source))])
        return [name for name in names if name in known]

    def _values(self) -> list[tuple[str, str]]:
        names = self._variables() if self._options.values else []
        return [(name, value_text(self._session.namespace[name])) for name in names]

    def _with_values(self, history: History) -> History:
        """Return the history with the values that go along as the output of the present cell."""
        told = self._values()
        if not told:
            return history
        source, output = "\n".join(name for name, _ in told), "\n".join(f"{name} = {value}" for name, value in told)
        return history.with_cell(Ran(history.now, source, output))

    def _values_told(self, fields: Json) -> Json:
        told = "\n".join(f"{name} = {value}" for name, value in self._values())
        return fields | {"question": f"{fields.get('question', '')}\n\n{told}".strip()} if told else fields

    def _text_value(self, word: str) -> str | None:
        """Return the text that a variable holds; None where there is no such variable, or where it holds no text."""
        try:
            value = resolve(word, self._session.namespace)
        except LookupError:
            return None
        return value if isinstance(value, str) else None
