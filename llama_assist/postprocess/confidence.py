"""How likely a completion is right, from the probabilities that the model itself gave to its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp


def confidence(text: str, raw: str, logprobs: Sequence[tuple[str, float]]) -> float:
    """Return the mean probability (geometric) of the tokens of `raw` that are still in `text`; 1.0 without tokens."""
    start = max(0, raw.find(text.strip()[:1])) if text not in raw else raw.index(text)
    end = start + len(text)
    kept, offset = [], 0
    for token, logprob in logprobs:
        if offset < end and offset + len(token) > start:
            kept.append(logprob)
        offset += len(token)
    return exp(sum(kept) / len(kept)) if kept else 1.0
