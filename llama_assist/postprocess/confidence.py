"""How likely a completion is right, from the probabilities that the model itself gave to its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, sqrt

DEFAULT_THRESHOLD = 0.3  # on the development holes it hides about 30%, and 6% of what is right


def confidence(text: str, raw: str, logprobs: Sequence[tuple[str, float]]) -> float:
    """Return exp(sum / sqrt(count)) of the log probabilities of the tokens of `raw` that are still in `text`.

    Between the probability of the whole, which favours the short, and that of a mean token, which favours the long.
    1.0 without tokens; `logprobs` are (piece of `raw`, natural logarithm), in order from its start.
    """
    body = text.strip()
    start = max(0, raw.find(body) if body in raw else raw.find(body.partition("\n")[0]))
    end = start + len(body)
    kept: list[float] = []
    offset = 0
    for piece, logprob in logprobs:
        if offset < end and offset + len(piece) > start:
            kept.append(logprob)
        offset += len(piece)
    return exp(sum(kept) / sqrt(len(kept))) if kept else 1.0
