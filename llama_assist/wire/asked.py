"""What a client's body asks for, whatever its shape: the request, how the answer goes back, and where it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from llama_assist.types import ChatRequest, CompletionRequest, SamplingParams
from llama_assist.wire.fields import Fields
from llama_assist.wire.replies import Reply
from llama_assist.wire.requests import Delivery

MAX_TOKENS = 256  # where the client sets no bound, or asks for an answer without one
MAX_STOPS = 64  # editors send every special token that they know


@dataclass(frozen=True, slots=True)
class Limits:
    """Where an answer ends although the model would go on.

    At a line below the first with fewer than `min_indent` blanks, which is cut; at the end of a line, from the
    second on, when `max_ms` have passed since the first text.
    """

    min_indent: int = 0
    max_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A request and its envelope, which `reply` makes for the model that answers; without request, only load it."""

    request: CompletionRequest | ChatRequest | None
    delivery: Delivery
    reply: Callable[[str], Reply]
    limits: Limits = Limits()


def sampling_of(fields: Fields, max_tokens: str, stop: str = "stop") -> SamplingParams:
    """Return how tokens are chosen; a bound of zero or less, or none, leaves the length to us.

    What a client leaves out is greedy here: editors rely on samplers that only their own server has.
    """
    bound = fields.integer(max_tokens, MAX_TOKENS, -(2**63), 2**63)
    stops = fields.texts(stop, MAX_STOPS) if isinstance(fields.get(stop), list) else (fields.text(stop, ""),)
    return SamplingParams(
        max_tokens=bound if bound > 0 else MAX_TOKENS,
        temperature=fields.number("temperature", 0.0, 0.0, 2.0),
        top_k=max(0, fields.integer("top_k", 0, -1, 2**31)),
        top_p=fields.number("top_p", 1.0, 0.0, 1.0),
        min_p=fields.number("min_p", 0.0, 0.0, 1.0),
        repetition_penalty=fields.number("repeat_penalty", 1.0, 0.01, 10.0),
        seed=_seed(fields),
        stop=tuple(text for text in stops if text),
    )


def _seed(fields: Fields) -> int | None:
    seed = fields.integer("seed", None, -(2**63), 2**63)
    return None if seed is None or seed < 0 else seed
