"""Chunks and errors of `types` and `errors` to the objects that OpenAI's clients read."""

from __future__ import annotations

import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from llama_assist.errors import (
    AssistError,
    BusyError,
    ContextTooLongError,
    EngineCrashedError,
    EngineUnavailableError,
    InvalidRequestError,
    ModelError,
    SupersededError,
)
from llama_assist.types import Chunk, FinishReason, Status, TokenLogprob, Usage
from llama_assist.wire.framing import EVENTS, Framing

Json = dict[str, Any]

OWNER = "llama_assist"  # by which a server of ours is known to another
_LEAST_LOGPROB = -9999.0  # JSON has no infinity; OpenAI sends this number for it.


@dataclass(slots=True)
class Choice:
    """What has arrived of one choice."""

    index: int
    text: str = ""
    logprobs: tuple[TokenLogprob, ...] = ()
    finish_reason: FinishReason | None = None
    usage: Usage = field(default_factory=Usage)
    debug: Json | None = None
    began: bool = False


class Answer:
    """What has arrived of an answer of `n` choices."""

    def __init__(self, n: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self.choices = [Choice(index) for index in range(n)]
        self._clock = clock
        self._asked = clock()
        self._first: float | None = None
        self._last = self._asked

    def add(self, chunk: Chunk) -> bool:
        """Take in `chunk` and return whether it is the first of its choice.

        Raises `SupersededError` if it says that its choice was cancelled.
        """
        choice = self.choices[chunk.index]
        is_first, choice.began = not choice.began, True
        self._last = self._clock()
        self._first = self._last if self._first is None else self._first
        choice.text += chunk.text
        choice.logprobs += chunk.logprobs
        if chunk.finish_reason == "cancelled":
            raise SupersededError("A newer request for the same document took this one's place.")
        choice.finish_reason = chunk.finish_reason or choice.finish_reason
        choice.usage = chunk.usage or choice.usage
        choice.debug = choice.debug if chunk.debug is None else dict(chunk.debug)
        return is_first

    def verify(self) -> None:
        """Raise `EngineCrashedError` unless every choice has ended by itself."""
        if any(choice.finish_reason is None for choice in self.choices):
            raise EngineCrashedError("The engine stopped in the middle of the answer. Send the request again.")

    @property
    def timings(self) -> tuple[float, float]:
        """Milliseconds until the model wrote its first token, and from there to the end of the answer.

        As the engine's side measured them, where it says so: filters hold text back, and it arrives later.
        """
        total = (self._last - self._asked) * 1e3
        measured = (self.choices[0].debug or {}).get("timings", {}).get("first_token_ms")
        arrived = ((self._first or self._last) - self._asked) * 1e3
        until = min(total, arrived if measured is None else float(measured))
        return until, total - until

    @property
    def usage(self) -> Usage:
        """The tokens of all choices; their common prompt counts once, as in OpenAI's API."""
        first = self.choices[0].usage
        generated = sum(choice.usage.completion_tokens for choice in self.choices)
        return Usage(first.prompt_tokens, generated, first.cached_tokens)


class Reply(ABC):
    """The envelope of one answer: turns chunks into streamed objects, or an `Answer` into one object."""

    prefix: ClassVar[str]
    framing: ClassVar[Framing] = EVENTS

    def __init__(self, model: str) -> None:
        self.model = model
        self.id = f"{self.prefix}-{uuid.uuid4().hex}"
        self.created = int(time.time())

    @abstractmethod
    def pieces(self, chunk: Chunk, *, is_first: bool) -> Iterator[Json]:
        """Yield the streamed objects of `chunk`, which `is_first` of its choice or not."""

    @abstractmethod
    def closing(self, answer: Answer) -> Iterator[Json]:
        """Yield the objects after the last piece."""

    @abstractmethod
    def whole(self, answer: Answer) -> Json | list[Json]:
        """Return the one object of a reply that is not streamed."""


class OpenAIReply(Reply):
    """What completions and chats have in common."""

    whole_kind: ClassVar[str]
    piece_kind: ClassVar[str]

    def __init__(self, model: str, *, include_usage: bool = False) -> None:
        super().__init__(model)
        self.include_usage = include_usage

    def pieces(self, chunk: Chunk, *, is_first: bool) -> Iterator[Json]:
        """Yield the streamed objects of `chunk`, which `is_first` of its choice or not."""
        if is_first:
            yield from (self._piece(choice) for choice in self._opening(chunk.index))
        piece = self._piece(self._part(chunk))
        yield piece if chunk.debug is None else piece | {"llama_assist": dict(chunk.debug)}

    def closing(self, answer: Answer) -> Iterator[Json]:
        """Yield the object after the last piece: the usage, if it was asked for."""
        if self.include_usage:
            yield self._object(self.piece_kind, []) | {"usage": _usage(answer.usage)}

    def whole(self, answer: Answer) -> Json:
        """Return the one object of a reply that is not streamed."""
        choices = [self._whole_choice(choice) for choice in answer.choices]
        body = self._object(self.whole_kind, choices) | {"usage": _usage(answer.usage)}
        debug = next((choice.debug for choice in answer.choices if choice.debug is not None), None)
        return body if debug is None else body | {"llama_assist": debug}

    def _object(self, kind: str, choices: list[Json]) -> Json:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model, "choices": choices}

    def _piece(self, choice: Json) -> Json:
        return self._object(self.piece_kind, [choice]) | ({"usage": None} if self.include_usage else {})

    def _opening(self, index: int) -> Iterable[Json]:
        return ()

    @abstractmethod
    def _part(self, chunk: Chunk) -> Json: ...

    @abstractmethod
    def _whole_choice(self, choice: Choice) -> Json: ...


class CompletionReply(OpenAIReply):
    """The shapes of `v1/completions`: `text_completion` objects."""

    prefix, whole_kind, piece_kind = "cmpl", "text_completion", "text_completion"

    def _part(self, chunk: Chunk) -> Json:
        return self._whole_choice(chunk)

    def _whole_choice(self, choice: Choice | Chunk) -> Json:
        return {
            "index": choice.index,
            "text": choice.text,
            "logprobs": _text_logprobs(choice.logprobs),
            "finish_reason": choice.finish_reason,
        }


class ChatReply(OpenAIReply):
    """The shapes of `v1/chat/completions`: `chat.completion` and `chat.completion.chunk` objects."""

    prefix, whole_kind, piece_kind = "chatcmpl", "chat.completion", "chat.completion.chunk"

    def _opening(self, index: int) -> Iterable[Json]:
        delta = {"role": "assistant", "content": ""}
        return [{"index": index, "delta": delta, "logprobs": None, "finish_reason": None}]

    def _part(self, chunk: Chunk) -> Json:
        return self._ended(chunk) | {"delta": {"content": chunk.text} if chunk.text else {}}

    def _whole_choice(self, choice: Choice) -> Json:
        return self._ended(choice) | {"message": {"role": "assistant", "content": choice.text, "refusal": None}}

    def _ended(self, part: Choice | Chunk) -> Json:
        return {
            "index": part.index,
            "logprobs": _chat_logprobs(part.logprobs),
            "finish_reason": part.finish_reason,
        }


def models_body(*models: str) -> Json:
    """Return the list of the models that are served, each once."""
    entries = [{"id": model, "object": "model", "created": 0, "owned_by": OWNER} for model in dict.fromkeys(models)]
    return {"object": "list", "data": entries}


def status_body(status: Status, version: str) -> Json:
    """Return `status` as an object, with the `version` of the package."""
    return {"version": version, **asdict(status)}


def error_body(error: AssistError) -> Json:
    """Return the error object; beside OpenAI's members it has those that a client needs to rebuild `error`."""
    param = error.param if isinstance(error, InvalidRequestError) else None
    body: Json = {"message": str(error), "type": _error_type(error.status), "param": param, "code": error.code}
    match error:
        case ContextTooLongError():
            body |= {"num_tokens": error.num_tokens, "limit": error.limit}
        case EngineUnavailableError():
            body |= {"state": error.state}
        case ModelError():
            body |= {"state": "failed", "reason": error.reason}
    return {"error": body}


def error_headers(error: AssistError) -> dict[str, str]:
    """Return the headers that tell a client whether and when the same request may be sent again.

    OpenAI's clients repeat 409 and 5xx by themselves unless `x-should-retry` forbids it: a request that
    was superseded would then supersede its successor.
    """
    if isinstance(error, BusyError):
        return {"Retry-After": str(error.retry_after), "x-should-retry": "true"}
    if isinstance(error, EngineUnavailableError) and (error.state == "loading" or error.retry_after is not None):
        return {"Retry-After": str(error.retry_after or 1), "x-should-retry": "true"}
    return {"x-should-retry": "false"}


def _error_type(status: int) -> str:
    if status >= 500:
        return "server_error"
    return {403: "permission_error", 429: "rate_limit_error"}.get(status, "invalid_request_error")


def _usage(usage: Usage) -> Json:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }


def _text_logprobs(tokens: tuple[TokenLogprob, ...]) -> Json | None:
    if not tokens:
        return None
    return {
        "tokens": [token.token for token in tokens],
        "token_logprobs": [_finite(token.logprob) for token in tokens],
        "top_logprobs": [{text: _finite(logprob) for text, logprob in token.top} for token in tokens],
        "text_offset": [token.text_offset for token in tokens],
    }


def _chat_logprobs(tokens: tuple[TokenLogprob, ...]) -> Json | None:
    if not tokens:
        return None
    return {
        "content": [
            _chat_token(token.token, token.logprob) | {"top_logprobs": [_chat_token(*top) for top in token.top]}
            for token in tokens
        ],
        "refusal": None,
    }


def _chat_token(text: str, logprob: float) -> Json:
    return {"token": text, "logprob": _finite(logprob), "bytes": list(text.encode("utf-8", "replace"))}


def _finite(logprob: float) -> float:
    return max(logprob, _LEAST_LOGPROB)
