"""KV slots: the keys and values of prompts already read, found again by their token ids."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import count
from typing import Generic, TypeVar

import torch
from torch import Tensor

from llama_assist.engine.config import LlamaConfig


class Slot(ABC):
    """Room for one sequence.

    `token_ids` are those whose entries came from the prompt path and may be reused; entries that
    decoding wrote behind them belong to the running answer alone.
    """

    def __init__(self) -> None:
        self.token_ids: list[int] = []
        self.in_use = False
        self.last_used = 0

    def num_shared(self, token_ids: Sequence[int]) -> int:
        """Return how many leading entries serve a prompt of `token_ids`."""
        return common_prefix(self.token_ids, token_ids)

    @abstractmethod
    def copy_entries(self, other: Slot, length: int) -> None:
        """Take over the first `length` entries of another slot of the same kind."""


class LlamaSlot(Slot):
    """Keys and values, each [num_layers, num_kv_heads, length, head_dim]."""

    def __init__(self, config: LlamaConfig, length: int, dtype: torch.dtype, device: torch.device) -> None:
        super().__init__()
        shape = (config.num_layers, config.num_kv_heads, length, config.head_dim)
        self.keys: Tensor = torch.zeros(shape, dtype=dtype, device=device)
        self.values: Tensor = torch.zeros(shape, dtype=dtype, device=device)

    def copy_entries(self, other: Slot, length: int) -> None:
        """Copy tensors; the other slot may be in use, since its prompt entries no longer change."""
        assert isinstance(other, LlamaSlot)
        self.keys[:, :, :length] = other.keys[:, :, :length]
        self.values[:, :, :length] = other.values[:, :, :length]


AnySlot = TypeVar("AnySlot", bound=Slot)


class SlotPool(Generic[AnySlot]):
    """A fixed number of slots; the one with the longest common prefix serves a prompt."""

    def __init__(self, slots: Sequence[AnySlot]) -> None:
        self.slots = list(slots)
        self._clock = count(1)

    @property
    def num_free(self) -> int:
        """Return how many slots no sequence holds."""
        return sum(not slot.in_use for slot in self.slots)

    def acquire(self, token_ids: Sequence[int]) -> tuple[AnySlot, int]:
        """Return a free slot and how many of its entries serve `token_ids`; the caller has seen `num_free`.

        The last prompt token is never taken from the cache, since its logits are needed.
        """
        best = max(self.slots, key=lambda slot: slot.num_shared(token_ids))
        num_cached = min(best.num_shared(token_ids), len(token_ids) - 1)
        slot = self._choose(best, num_cached)
        if slot is not best:
            slot.copy_entries(best, num_cached)
        slot.token_ids = list(token_ids[:num_cached])
        slot.in_use = True
        return slot, num_cached

    def _choose(self, best: AnySlot, num_cached: int) -> AnySlot:
        """Extend the best slot, unless that would throw away most of what it holds for another document."""
        if not best.in_use and 2 * num_cached >= len(best.token_ids):
            return best
        free = [slot for slot in self.slots if not slot.in_use]
        return min(free, key=lambda slot: (bool(slot.token_ids), slot.last_used))

    def release(self, slot: AnySlot) -> None:
        """Give a slot back; its prompt stays cached until the slot is needed."""
        slot.in_use = False
        slot.last_used = next(self._clock)


def common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many leading ids are equal."""
    length = min(len(first), len(second))
    for index in range(length):
        if first[index] != second[index]:
            return index
    return length
