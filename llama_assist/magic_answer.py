"""An answer as it grows: what the model said so far, and the views that show it while it is streamed."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from IPython.display import display

from llama_assist.errors import AssistError
from llama_assist.render import CodeBlock, code_blocks, render_bundle, render_plain
from llama_assist.types import Usage


@dataclass(slots=True)
class Answer:
    """What the model said, exactly. `note` says in our words why it ended early, if it did."""

    text: str = ""
    model: str = ""
    usage: Usage | None = None
    finish_reason: str = ""
    interrupted: bool = False
    note: str = ""
    prompt_sha256: str = ""

    @property
    def code(self) -> list[CodeBlock]:
        """The fenced code blocks of the text, in order, free of control characters."""
        return code_blocks(self.text)

    def __str__(self) -> str:
        return self.text

    def add(self, chunk: Mapping[str, Any]) -> None:
        """Take in one chunk of a streamed completion or chat completion; of several choices only the first."""
        self.model = chunk.get("model", self.model)
        for choice in (choice for choice in chunk.get("choices", ()) if choice.get("index", 0) == 0):
            self.text += choice.get("text") or choice.get("delta", {}).get("content") or ""
            self.finish_reason = choice.get("finish_reason") or self.finish_reason
        if chunk.get("usage"):
            self.usage = _usage(chunk["usage"])
        if self.finish_reason == "length":
            self.note = "Cut at the token limit: ask with a larger --max-tokens for a longer answer."

    def metadata(self) -> dict[str, object]:
        """Return what a saved notebook remembers of the request: no text of it."""
        usage = None if self.usage is None else asdict(self.usage)
        return {"llama_assist": {"model": self.model, "prompt_sha256": self.prompt_sha256, "usage": usage}}

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> tuple[Any, Any]:
        return render_bundle(self.text, self.note), self.metadata()


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


class NotebookView:
    """One output, updated in place at most 20 times a second and less often where rendering is slow."""

    MIN_INTERVAL = 0.05
    # Of the two cores of a small machine, the model needs more than the picture of its answer does.
    MAX_LOAD = 0.2

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = clock()
        self._handle = display({"text/plain": "..."}, raw=True, display_id=True)

    def update(self, answer: Answer) -> None:
        start = self._clock()
        if start >= self._next:
            self.finish(answer)
            cost = self._clock() - start
            self._next = start + max(self.MIN_INTERVAL, cost / self.MAX_LOAD)

    def finish(self, answer: Answer) -> None:
        bundle, metadata = answer._repr_mimebundle_()
        self._handle.update(bundle, raw=True, metadata=metadata)


class TerminalView:
    """Plain text that grows at its end; `write` gets each new piece."""

    def __init__(self, write: Callable[[str], None] = lambda piece: print(piece, end="", flush=True)) -> None:
        self._write = write
        self._length = 0

    def update(self, answer: Answer) -> None:
        text = render_plain(answer.text)
        self._write(text[self._length :])
        self._length = len(text)

    def finish(self, answer: Answer) -> None:
        self.update(answer)
        self._write(f"\n[{answer.note}]\n" if answer.note else "\n")


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
        view.finish(answer)


def _usage(usage: Mapping[str, Any]) -> Usage:
    return Usage(
        prompt_tokens=usage.get("prompt_tokens", 0),
        completion_tokens=usage.get("completion_tokens", 0),
        cached_tokens=(usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0),
    )
