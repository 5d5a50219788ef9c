"""Any other decoder-only architecture, through transformers' own class behind the runner interface: slower."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from llama_assist.checkpoint import Checkpoint
from llama_assist.engine.kv_cache import Slot
from llama_assist.engine.reads import Read


class CacheSlot(Slot):
    """A slot around one of transformers' caches."""

    def __init__(self) -> None:
        super().__init__()
        self.cache: Any = None
        self.length = 0

    def num_shared(self, token_ids: Sequence[int]) -> int:
        """Share nothing once a layer has forgotten something: its cache cannot be cut back."""
        if self.cache is None or not all(map(_can_crop, self.cache.layers)):
            return 0
        return super().num_shared(token_ids)

    def copy_entries(self, other: Slot, length: int) -> None:
        """Copy the other cache; `crop` takes off what is not wanted when the next tokens are read."""
        assert isinstance(other, CacheSlot)
        self.cache, self.length = copy.deepcopy(other.cache), other.length

    def clear(self) -> None:
        """Drop the cache."""
        self.cache, self.length = None, 0

    def crop(self, length: int) -> None:
        """Keep the first `length` entries; negative numbers count what is dropped (transformers >= 5.2)."""
        if length == 0:
            self.cache = None
        elif length < self.length:
            self.cache.crop(length - self.length)
        self.length = length


def _can_crop(layer: Any) -> bool:
    """Tell whether a layer still has everything: full attention, or a window that is not yet full."""
    from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

    if type(layer) is DynamicSlidingWindowLayer:
        return bool(layer.get_seq_length() < layer.sliding_window)
    return type(layer) is DynamicLayer


class TransformersRunner:
    """A model class of transformers in bf16 on a GPU, else float32; no remote code ever runs."""

    def __init__(self, checkpoint: Checkpoint, device: torch.device, *, length: int) -> None:
        from transformers import AutoModelForCausalLM

        dtype = torch.float32 if device.type == "cpu" else torch.bfloat16
        self.model = AutoModelForCausalLM.from_pretrained(
            checkpoint.path, dtype=dtype, trust_remote_code=False, local_files_only=True, use_safetensors=True
        ).to(device)
        self.model.eval()
        self.weights = f"{dtype} (transformers)".removeprefix("torch.")
        self.length = min(length, checkpoint.context_length)
        self.num_bytes = sum(parameter.nbytes for parameter in self.model.parameters())
        self.takes_drafts = False
        self._device = device

    def new_slot(self) -> CacheSlot:
        """Return an empty slot; the cache is made at the first token."""
        return CacheSlot()

    @torch.inference_mode()
    def run(self, reads: Sequence[Read[CacheSlot]]) -> list[Tensor | None]:
        """Read one after the other; entries behind `start` are dropped first. There are no drafts."""
        return [self._run(read) for read in reads]

    def _run(self, read: Read[CacheSlot]) -> Tensor | None:
        if read.is_prompt:
            read.slot.crop(read.start)
        assert read.slot.length == read.start
        logits = self._forward(read.token_ids, read.slot)
        return logits[None] if read.wants_logits else None

    def _forward(self, token_ids: Sequence[int], slot: CacheSlot) -> Tensor:
        tokens = torch.tensor([list(token_ids)], device=self._device)
        output = self.model(tokens, past_key_values=slot.cache, use_cache=True, logits_to_keep=1)
        slot.cache = output.past_key_values
        slot.length += len(token_ids)
        logits: Tensor = output.logits[0, -1].float()
        return logits
