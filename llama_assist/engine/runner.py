"""What the engine needs of a network: read tokens of some sequences into their slots, and make slots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, Protocol

import torch
from torch import Tensor

from llama_assist.checkpoint import Checkpoint
from llama_assist.engine.config import read_config
from llama_assist.engine.kv_cache import AnySlot, LlamaSlot
from llama_assist.engine.llama import Span
from llama_assist.engine.reads import Read
from llama_assist.engine.weights import WeightForm, build_llama, open_weights, reader, storage_bytes


class Runner(Protocol, Generic[AnySlot]):
    """A loaded network. `length` is the longest sequence that a slot holds."""

    length: int
    weights: str
    num_bytes: int
    takes_drafts: bool

    def new_slot(self) -> AnySlot:
        """Return an empty slot."""
        ...

    def run(self, reads: Sequence[Read[AnySlot]]) -> list[Tensor | None]:
        """Read all of these in one step; return float32 logits [tokens, vocabulary] of each, where wanted."""
        ...


class LlamaRunner:
    """Our own network."""

    def __init__(
        self, checkpoint: Checkpoint, weights: str, device: torch.device, *, fast_prefill: bool, length: int
    ) -> None:
        config = read_config(checkpoint.config)
        self.weights = weights
        form = WeightForm(weights, device, fast_prefill=fast_prefill)
        tensors = open_weights(checkpoint.weight_files)
        self.length = min(length, config.max_length)
        self.model = build_llama(config, reader(tensors), form, self.length)
        self.num_bytes = storage_bytes(self.model)
        # A row of a float product may round otherwise than alone; the integer kernels compute each row by itself.
        self.takes_drafts = self.weights in ("int4", "int8")
        self._dtype = form.dtype
        self._device = device

    def new_slot(self) -> LlamaSlot:
        """Allocate a slot."""
        model = self.model
        transposed = model.attention.keys_transposed
        return LlamaSlot(model.config, model.length, self._dtype, self._device, keys_transposed=transposed)

    @torch.inference_mode()
    def run(self, reads: Sequence[Read[LlamaSlot]]) -> list[Tensor | None]:
        """Read prompts through the prompt weights, the rest through the decoding ones; all at once if they are one."""
        found: list[Tensor | None] = [None] * len(reads)
        for group, is_prefill in self._groups(reads):
            for number, logits in zip(group, self._run([reads[number] for number in group], is_prefill), strict=True):
                found[number] = logits
        return found

    def _groups(self, reads: Sequence[Read[LlamaSlot]]) -> list[tuple[list[int], bool]]:
        prompts = [number for number, read in enumerate(reads) if read.is_prompt]
        answers = [number for number, read in enumerate(reads) if not read.is_prompt]
        if self.model.is_shared and prompts:
            return [([*answers, *prompts], True)]
        return [(group, is_prefill) for group, is_prefill in ((answers, False), (prompts, True)) if group]

    def _run(self, reads: Sequence[Read[LlamaSlot]], is_prefill: bool) -> list[Tensor | None]:
        tokens = torch.tensor([token_id for read in reads for token_id in read.token_ids], device=self._device)
        spans = [Span(read.slot, read.start, len(read.token_ids), read.is_prompt) for read in reads]
        hidden = self.model.forward(tokens, spans, is_prefill=is_prefill)
        parts = torch.split(hidden, [span.num_tokens for span in spans])
        wanted = [_wanted(read, part) for read, part in zip(reads, parts, strict=True)]
        found = [part for part in wanted if part is not None]
        if not found:
            return [None] * len(reads)
        logits = iter(torch.split(self.model.logits(torch.cat(found)), [len(part) for part in found]))
        return [None if part is None else next(logits) for part in wanted]


def _wanted(read: Read[LlamaSlot], hidden: Tensor) -> Tensor | None:
    """Return the hidden states [rows, hidden] whose logits are asked for."""
    if not read.is_prompt:
        return hidden
    return hidden[-1:] if read.wants_logits else None


def load_runner(
    checkpoint: Checkpoint, weights: str, device: torch.device, *, fast_prefill: bool, length: int
) -> Runner[Any]:
    """Load a checkpoint into our network, or into transformers' class where ours does not fit."""
    if checkpoint.native:
        return LlamaRunner(checkpoint, weights, device, fast_prefill=fast_prefill, length=length)
    from llama_assist.engine.foreign import TransformersRunner

    return TransformersRunner(checkpoint, device, length=length)
