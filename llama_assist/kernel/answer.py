"""An answer as it grows: what the model said so far, what it rests on, and what its code is worth."""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from llama_assist.errors import AssistError
from llama_assist.render import CodeBlock, code_blocks, render_bundle
from llama_assist.types import Usage

_PROSE_FENCE = re.compile(r"`{3,}markdown\n")  # around the text that a task writes anew
_FENCE_END = re.compile(r"(?:\n`{3,}[ \t]*)+\n?\Z")


@dataclass(slots=True)
class Answer:
    """What the model said, exactly. `note` says in our words why it ended early, or what to know of it.

    `code_before` is the code that the text goes on from, where there is such. `cells` are the numbers of the cells
    that it cites, `seconds` what it took. `subject` says what the task was done on, `proposal` is the code that it
    proposes for a cell, and `first` the number of the document's first cell.
    """

    text: str = ""
    model: str = ""
    usage: Usage | None = None
    finish_reason: str = ""
    interrupted: bool = False
    note: str = ""
    prompt_sha256: str = ""
    task: str = ""
    cells: tuple[int, ...] = ()
    seconds: float = 0.0
    ended: bool = False
    code_before: str | None = None
    first: int = 1
    proposal: str = ""
    subject: str = ""
    found: bool = True
    turns_left_out: int = 0
    sent_to: str = ""
    num_redacted: int = 0
    started: float = field(default_factory=time.monotonic, repr=False)

    @property
    def code(self) -> list[CodeBlock]:
        """The fenced code blocks of the text, in order, free of control characters."""
        return code_blocks(self.shown)

    @property
    def shown(self) -> str:
        """The text as it is displayed: code in a fence, and prose out of the one that its task has put around it."""
        if self.code_before is not None:
            end = "\n```" if self.ended else ""
            return f"```python\n{self.code_before}{self.text}{end}"
        fence = _PROSE_FENCE.match(self.text) if self.task == "translate" else None
        if fence is not None:
            return _FENCE_END.sub("", self.text[fence.end() :])
        return self.text

    @property
    def footer(self) -> str:
        """Our line below the answer: what there is to note, the cells it cites, model, tokens and time."""
        parts = [self.note]
        if self.ended:
            cited = ", ".join(map(str, self.cells))
            parts += [
                self.subject,
                f"cells: {cited}" if cited else "",
                self.model,
                f"sent to {self.sent_to}" if self.sent_to else "",
                f"{self.num_redacted} secrets left out" if self.num_redacted else "",
                _tokens(self.usage),
                f"{self.seconds:.1f} s",
            ]
        return " · ".join(part for part in parts if part)

    @property
    def cell_text(self) -> str:
        """The code to put into a cell: what the task proposes, or else the first finished block; empty for none."""
        if self.proposal or self.code_before is not None:
            return self.proposal or self.code_before + self.text  # type: ignore[operator]
        blocks = [block.code.rstrip("\n") for block in self.code if block.closed and block.code.strip()]
        return blocks[0] if blocks else ""

    def __str__(self) -> str:
        return self.text

    def add(self, chunk: Mapping[str, Any]) -> None:
        """Take in one chunk of a streamed completion or chat completion; of several choices only the first."""
        self.model = chunk.get("model", self.model)
        for choice in (choice for choice in chunk.get("choices", ()) if choice.get("index", 0) == 0):
            self.text += choice.get("text") or choice.get("delta", {}).get("content") or ""
            self.finish_reason = choice.get("finish_reason") or self.finish_reason
        if chunk.get("usage"):
            self.usage = _sum(self.usage, _usage(chunk["usage"]))
        self._describe(chunk.get("llama_assist") or {})
        self.note = self._reason()

    def end(self) -> None:
        """Take in that nothing more comes."""
        self.ended, self.seconds = True, time.monotonic() - self.started

    def metadata(self) -> dict[str, object]:
        """Return what a saved notebook remembers of the request: no text of it."""
        usage = None if self.usage is None else asdict(self.usage)
        return {"llama_assist": {"model": self.model, "prompt_sha256": self.prompt_sha256, "usage": usage}}

    def _describe(self, details: Mapping[str, Any]) -> None:
        """Take in what the last chunk of a task tells; other chunks may have details of other kinds."""
        self.cells = tuple(int(index) + self.first for index in details.get("cells", ())) or self.cells
        self.found = bool(details.get("found", self.found))
        self.turns_left_out = int(details.get("turns_left_out", self.turns_left_out))
        self.sent_to = str((details.get("remote") or {}).get("origin", self.sent_to))
        self.num_redacted += sum((details.get("redacted") or {}).values())
        self.proposal = str((details.get("code") or {}).get("text", self.proposal))

    def _reason(self) -> str:
        if self.finish_reason == "length":
            return "Cut at the token limit: ask with a larger --max-tokens for a longer answer."
        if not self.found:
            return "Ask with a cell's number or with a name in `backticks`, or ask the model alone with --no-context."
        if self.turns_left_out:
            return f"The first {self.turns_left_out} messages of the conversation do not fit and were left out."
        return ""

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> tuple[Any, Any]:
        return render_bundle(self.shown.rstrip(), self.footer), self.metadata()


class Interrupted(KeyboardInterrupt):
    """The user stopped an answer. It goes on up, so that cells queued behind do not run either."""

    def _render_traceback_(self) -> list[str]:
        return [f"Interrupted: {self}"]


class View(Protocol):
    """Shows one answer while it grows."""

    def update(self, answer: Answer) -> None:
        """Show the present state, or skip it if the last one is recent."""
        ...

    def finish(self, answer: Answer) -> None:
        """Show the last state, always."""
        ...


def follow(chunks: Generator[dict[str, Any], None, None], answer: Answer, view: View) -> None:
    """Fill `answer` from `chunks` and show it as it grows.

    Raises `Interrupted` when the user interrupts and the error of the stream when it fails; in both cases
    the stream is closed first, which frees the model, and what had come stays shown.
    """
    try:
        with closing(chunks):
            for chunk in chunks:
                answer.add(chunk)
                view.update(answer)
        if not answer.text.strip():
            answer.note = "The model answered nothing."
    except KeyboardInterrupt:
        answer.interrupted = True
        answer.note = "Interrupted: the answer is incomplete."
        raise Interrupted("the model was stopped; what it had written is in `_llama`.") from None
    except AssistError:
        answer.note = "Stopped by an error: the answer is incomplete." if answer.text else "No answer."
        raise
    finally:
        answer.end()
        view.finish(answer)


def _tokens(usage: Usage | None) -> str:
    """Return the tokens read and written; nothing where the model was not asked."""
    if usage is None or not usage.prompt_tokens + usage.completion_tokens:
        return ""
    return f"{usage.prompt_tokens} + {usage.completion_tokens} tokens"


def _sum(first: Usage | None, second: Usage) -> Usage:
    if first is None:
        return second
    return Usage(
        first.prompt_tokens + second.prompt_tokens,
        first.completion_tokens + second.completion_tokens,
        first.cached_tokens + second.cached_tokens,
    )


def _usage(usage: Mapping[str, Any]) -> Usage:
    return Usage(
        prompt_tokens=usage.get("prompt_tokens", 0),
        completion_tokens=usage.get("completion_tokens", 0),
        cached_tokens=(usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0),
    )
