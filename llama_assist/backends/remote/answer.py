"""One streamed answer of an OpenAI-compatible server to chunks; what is no such answer ends with one error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from llama_assist.backends.remote.order import Order
from llama_assist.backends.remote.tokens import TokenReader
from llama_assist.backends.remote.trim import HeadCut, RepeatCut, StopCut
from llama_assist.client import EventParser
from llama_assist.errors import EngineCrashedError
from llama_assist.types import Chunk, FinishReason, Usage

Json = dict[str, Any]

MAX_EVENT = 4 * 1024 * 1024  # bytes without the end of an event, after which it is no stream of events
MAX_MESSAGE = 500  # characters of a server's own words that are shown


class AnswerReader:
    """Bytes of one answer in, chunks out; `closing` is the last chunk, when no more bytes come.

    `prompt_tokens` is an estimate that stands until the server counts. Raises `DivergedError` for an answer that does
    not begin as the order wants it.
    """

    def __init__(self, origin: str, prompt_tokens: int, order: Order) -> None:
        self._origin = origin
        self._parser = EventParser()
        self._num_pending = 0
        self._head = HeadCut(order.head)
        self._repeat = RepeatCut(order.before)
        self._stop = StopCut(order.stops)
        self._tokens = TokenReader()
        self._usage = Usage(prompt_tokens)
        self._is_counted = False
        self._reason: FinishReason | None = None
        self.is_over = False

    def feed(self, block: bytes) -> Iterator[Chunk]:
        """Yield the chunks that `block` completes; raise `EngineCrashedError` where it is no part of an answer."""
        events = self._parser.feed(block)
        self._num_pending = len(block) if events else self._num_pending + len(block)
        if self._num_pending > MAX_EVENT:
            raise self._crash("sent what is no stream of events")
        for data in events:
            if not self.is_over:
                yield from self.take(data)

    def take(self, data: str) -> Iterator[Chunk]:
        """Yield the chunk of one event, or of a whole answer that was not streamed."""
        if data.strip() == "[DONE]":
            self.is_over = True
            return
        event = self._parse(data)
        if event.get("error"):
            raise self._crash(f"failed in the middle of the answer: {error_text(event)}")
        self._count(event.get("usage"))
        choices = event.get("choices")
        if isinstance(choices, list) and choices and isinstance(choices[0], dict):
            yield from self._choice(choices[0])

    @property
    def is_whole(self) -> bool:
        """Tell whether the server has said why the answer ended; what follows are only its counts."""
        return self._reason is not None

    def closing(self) -> Chunk:
        """Return the last chunk of a whole answer."""
        assert self._reason is not None
        self._head.end()
        text, has_stopped = self._stop.feed(self._repeat.rest())
        reason = "stop" if has_stopped else self._reason
        return Chunk(text + self._stop.rest(), finish_reason=reason, usage=self._usage)

    def _choice(self, choice: Json) -> Iterator[Chunk]:
        written = _written(choice)
        logprobs = self._tokens.read(choice.get("logprobs"))
        if written and not self._is_counted:
            tokens = self._usage.completion_tokens + max(1, len(logprobs))
            self._usage = Usage(self._usage.prompt_tokens, tokens)
        text, has_stopped = self._stop.feed(self._repeat.feed(self._head.feed(written)))
        reason = choice.get("finish_reason")
        if reason == "abort":  # vLLM's word for what it gave up
            raise self._crash("gave the answer up")
        if has_stopped or reason:
            self._reason = "length" if reason == "length" and not has_stopped else "stop"
            self.is_over = has_stopped
        if text or logprobs:
            yield Chunk(text, logprobs=logprobs, usage=self._usage)

    def _count(self, usage: object) -> None:
        if not isinstance(usage, dict) or not isinstance(usage.get("prompt_tokens"), int):
            return
        details = usage.get("prompt_tokens_details")
        cached = details.get("cached_tokens") if isinstance(details, dict) else None
        self._usage = Usage(usage["prompt_tokens"], _whole(usage.get("completion_tokens")), _whole(cached))
        self._is_counted = True

    def _parse(self, data: str) -> Json:
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict):
            raise self._crash("sent what is no answer of an OpenAI-compatible server")
        return event

    def _crash(self, what: str) -> EngineCrashedError:
        return EngineCrashedError(f"The engine at {self._origin} {what}. Send the request again.")


def error_text(body: object) -> str:
    """Return the words of an error object, in any of the shapes that servers use; shortened, and on one line."""
    found: object = body
    for name in ("error", "message", "detail"):
        if isinstance(found, dict) and found.get(name):
            found = found[name]
    text = " ".join((found if isinstance(found, str) else json.dumps(found)).split())
    return text if len(text) <= MAX_MESSAGE else text[:MAX_MESSAGE] + " ..."


def _written(choice: Json) -> str:
    for name in ("delta", "message"):
        if isinstance(choice.get(name), dict):
            choice = {"text": choice[name].get("content")}
    text = choice.get("text")
    return text if isinstance(text, str) else ""


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
