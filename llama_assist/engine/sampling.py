"""From logits to the next token: penalties, masks, temperature, top-k, top-p, min-p, and log probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from llama_assist.engine.messages import Choice
from llama_assist.types import SamplingParams


class Sampler:
    """Chooses the tokens of one answer; a seed makes it repeatable whatever runs beside it."""

    def __init__(self, params: SamplingParams, seen: Sequence[int] = ()) -> None:
        self.params = params
        self._seen = set(seen) if params.repetition_penalty != 1.0 else set()
        self._generator = torch.Generator()
        if params.seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(params.seed)

    def choose(self, logits: Tensor, allowed: Sequence[int] | None = None) -> Choice:
        """Choose from float32 `logits` [vocabulary]; `allowed` restricts the choice to these ids.

        Log probabilities are those of the model, before penalties, masks and temperature.
        """
        shaped = self._shape(logits)
        if allowed is not None:
            shaped = _only(shaped, allowed)
        token_id = int(shaped.argmax()) if self.params.temperature == 0 else self._draw(shaped)
        if self.params.repetition_penalty != 1.0:
            self._seen.add(token_id)
        return self._report(logits, token_id)

    def _shape(self, logits: Tensor) -> Tensor:
        params = self.params
        if not self._seen and not params.logit_bias:
            return logits
        logits = logits.clone()
        if self._seen:
            ids = torch.tensor(sorted(self._seen), device=logits.device)
            values = logits[ids]
            penalty = params.repetition_penalty
            logits[ids] = torch.where(values > 0, values / penalty, values * penalty)
        for token_id, bias in params.logit_bias.items():
            if 0 <= token_id < len(logits):
                logits[token_id] += bias
        return logits

    def _draw(self, logits: Tensor) -> int:
        probabilities = torch.softmax(logits.cpu() / self.params.temperature, dim=-1)
        ranked, order = probabilities.sort(descending=True, stable=True)
        keep = self._nucleus(ranked)
        drawn = torch.multinomial(ranked[:keep], 1, generator=self._generator)
        return int(order[drawn])

    def _nucleus(self, ranked: Tensor) -> int:
        """Return how many of the descending probabilities stay after top-k, top-p and min-p; at least one."""
        params = self.params
        keep = int((ranked > 0).sum())
        if params.top_k > 0:
            keep = min(keep, params.top_k)
        if params.top_p < 1.0:
            keep = min(keep, int((ranked.cumsum(0) < params.top_p).sum()) + 1)
        if params.min_p > 0.0:
            keep = min(keep, int((ranked >= params.min_p * ranked[0]).sum()))
        return max(keep, 1)

    def _report(self, logits: Tensor, token_id: int) -> Choice:
        normaliser = logits.logsumexp(0)
        logprob = float(logits[token_id] - normaliser)
        if not self.params.logprobs:
            return Choice(token_id, logprob)
        best = logits.topk(min(self.params.logprobs, len(logits)))
        values = (best.values - normaliser).tolist()
        return Choice(token_id, logprob, tuple(zip(best.indices.tolist(), values, strict=True)))


def _only(logits: Tensor, allowed: Sequence[int]) -> Tensor:
    ids = torch.tensor(allowed, device=logits.device)
    masked = torch.full_like(logits, float("-inf"))
    masked[ids] = logits[ids]
    return masked
