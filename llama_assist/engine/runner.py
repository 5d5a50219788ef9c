"""What the engine needs of a network: read prompt tokens into a slot, decode one, and make slots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, Protocol

import torch
from torch import Tensor

from llama_assist.checkpoint import Checkpoint
from llama_assist.engine.config import read_config
from llama_assist.engine.kv_cache import AnySlot, LlamaSlot
from llama_assist.engine.weights import WeightForm, build_llama, open_weights, reader, storage_bytes

ROWS = 4  # prompt tokens are read in multiples of this


class Runner(Protocol, Generic[AnySlot]):
    """A loaded network. `length` is the longest sequence that a slot holds."""

    length: int
    weights: str
    num_bytes: int
    takes_drafts: bool

    def new_slot(self) -> AnySlot:
        """Return an empty slot."""
        ...

    def prefill(self, token_ids: Sequence[int], slot: AnySlot, start: int, *, want_logits: bool) -> Tensor | None:
        """Read prompt tokens from position `start`; return the float32 logits [vocabulary] of the last."""
        ...

    def decode(self, token_ids: Sequence[int], slot: AnySlot, position: int) -> Tensor:
        """Read a generated token and those drafted behind it; return the logits [tokens, vocabulary] after each."""
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
        self.model = build_llama(config, reader(tensors), form, self.length + ROWS)
        self.num_bytes = storage_bytes(self.model)
        # A row of a float product may round otherwise than alone; the integer kernels compute each row by itself.
        self.takes_drafts = self.weights in ("int4", "int8")
        self._dtype = form.dtype
        self._device = device

    def new_slot(self) -> LlamaSlot:
        """Allocate a slot; untouched pages cost no memory on most systems."""
        return LlamaSlot(self.model.config, self.model.length, self._dtype, self._device)

    @torch.inference_mode()
    def prefill(self, token_ids: Sequence[int], slot: LlamaSlot, start: int, *, want_logits: bool) -> Tensor | None:
        """Read prompt tokens through the prompt weights.

        Rows are filled up with copies of the last token: torch multiplies single rows, and those left over of its
        blocks, by other routines, and the result would depend on how the prompt was cut. The copies' entries lie
        behind the prompt and are written over by what comes next.
        """
        copies = [token_ids[-1]] * (-len(token_ids) % ROWS)
        tokens = torch.tensor([*token_ids, *copies], device=self._device)
        hidden = self.model.forward(tokens, slot, start, is_prefill=True)
        last = len(token_ids) - 1
        return self.model.logits(hidden[last : last + 1])[0] if want_logits else None

    @torch.inference_mode()
    def decode(self, token_ids: Sequence[int], slot: LlamaSlot, position: int) -> Tensor:
        """Read tokens through the decoding weights."""
        tokens = torch.tensor(token_ids, device=self._device)
        return self.model.logits(self.model.forward(tokens, slot, position, is_prefill=False))


def load_runner(
    checkpoint: Checkpoint, weights: str, device: torch.device, *, fast_prefill: bool, length: int
) -> Runner[Any]:
    """Load a checkpoint into our network, or into transformers' class where ours does not fit."""
    if checkpoint.native:
        return LlamaRunner(checkpoint, weights, device, fast_prefill=fast_prefill, length=length)
    from llama_assist.engine.foreign import TransformersRunner

    return TransformersRunner(checkpoint, device, length=length)
