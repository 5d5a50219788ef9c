"""What goes into the engine and what comes out: plain data, read without torch."""

from __future__ import annotations

from dataclasses import dataclass

from llama_assist.types import FinishReason, Priority, SamplingParams, Usage


@dataclass(frozen=True, slots=True)
class Choice:
    """A chosen token, the natural logarithm of its probability, and the best alternatives."""

    token_id: int
    logprob: float
    top: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Generate:
    """A request: prompt ids, and bytes that the answer must begin with (healing; they are not returned)."""

    id: str
    token_ids: tuple[int, ...]
    sampling: SamplingParams
    stop_ids: frozenset[int] = frozenset()
    forced: bytes = b""
    priority: Priority = "chat"
    document: str = ""
    drafts: bool = True


@dataclass(frozen=True, slots=True)
class TokenOut:
    """One generated token; `text` is what became safe to show with it, `piece` the token's own text.

    `usage` counts up to here: who stops listening, because what follows is not wanted, knows the cost.
    """

    id: str
    choice: Choice
    text: str
    piece: str
    usage: Usage
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """The end of an answer; `text` was held back until now."""

    id: str
    finish_reason: FinishReason
    usage: Usage
    text: str = ""


@dataclass(frozen=True, slots=True)
class Superseded:
    """A newer request for the same document took this one's place."""

    id: str


Event = TokenOut | Done | Superseded
