"""KV slots: the keys and values of prompts already read, found again by their token ids; bounded in all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from llama_assist.engine.config import LlamaConfig

MAX_SLOTS = 16  # however short the prompts are: more than these are not looked through for each request


class Slot(ABC):
    """Room for one sequence.

    `token_ids` are those whose entries came from the prompt path and may be reused; entries that
    decoding wrote behind them belong to the running answer alone. `num_held` positions count as memory.
    """

    def __init__(self) -> None:
        self.token_ids: list[int] = []
        self.in_use = False
        self.last_used = 0
        self.num_held = 0

    def num_shared(self, token_ids: Sequence[int]) -> int:
        """Return how many leading entries serve a prompt of `token_ids`."""
        return common_prefix(self.token_ids, token_ids)

    @abstractmethod
    def copy_entries(self, other: Slot, length: int) -> None:
        """Take over the first `length` entries of another slot of the same kind."""

    @abstractmethod
    def clear(self) -> None:
        """Give the memory of all entries back."""


class LlamaSlot(Slot):
    """Values [num_layers, num_kv_heads, length, head_dim]; keys the same, or with the last two swapped."""

    def __init__(
        self, config: LlamaConfig, length: int, dtype: torch.dtype, device: torch.device, *, keys_transposed: bool
    ) -> None:
        super().__init__()
        self._shape = (config.num_layers, config.num_kv_heads, length, config.head_dim)
        self._options: dict[str, Any] = {"dtype": dtype, "device": device}
        self._transposed = keys_transposed
        self.clear()

    def clear(self) -> None:
        """Allocate anew; untouched pages cost no memory on most systems."""
        *heads, length, size = self._shape
        keys_shape = (*heads, size, length) if self._transposed else self._shape
        self.keys: Tensor = torch.zeros(keys_shape, **self._options)
        self.values: Tensor = torch.zeros(self._shape, **self._options)

    def write(self, layer: int, start: int, key: Tensor, value: Tensor) -> None:
        """Store `key` and `value` [T, num_kv_heads, head_dim] at position `start`."""
        end = start + len(key)
        if self._transposed:
            self.keys[layer, :, :, start:end] = key.permute(1, 2, 0)
        else:
            self.keys[layer, :, start:end] = key.transpose(0, 1)
        self.values[layer, :, start:end] = value.transpose(0, 1)

    def entries(self, length: int) -> tuple[Tensor, Tensor]:
        """Return the first `length` keys and values, each [num_layers, num_kv_heads, length, head_dim]."""
        keys = self.keys.transpose(2, 3) if self._transposed else self.keys
        return keys[:, :, :length], self.values[:, :, :length]

    def copy_entries(self, other: Slot, length: int) -> None:
        """Copy tensors; the other slot may be in use, since its prompt entries no longer change."""
        assert isinstance(other, LlamaSlot)
        for mine, theirs in zip(self.entries(length), other.entries(length), strict=True):
            mine.copy_(theirs)


AnySlot = TypeVar("AnySlot", bound=Slot)


class SlotPool(Generic[AnySlot]):
    """Slots that together hold at most `num_tokens` positions; the one with the longest common prefix serves a prompt.

    What is cached gives way to what runs, the longest unused first.
    """

    def __init__(self, make_slot: Callable[[], AnySlot], num_tokens: int) -> None:
        self.slots: list[AnySlot] = []
        self._make_slot = make_slot
        self._num_tokens = num_tokens
        self._clock = count(1)

    def acquire(self, token_ids: Sequence[int], length: int, reserve: int = 0) -> tuple[AnySlot, int] | None:
        """Return a slot for `length` positions, and how many of its entries serve `token_ids`.

        None where what runs leaves too little memory; `reserve` positions are kept for others. The last prompt
        token is never taken from the cache, since its logits are needed.
        """
        room = self._num_tokens - reserve - length
        running = [slot for slot in self.slots if slot.in_use]
        if sum(slot.num_held for slot in running) > room or len(running) == MAX_SLOTS:
            return None
        best = max(self.slots, key=lambda slot: slot.num_shared(token_ids), default=None)
        shared = min(best.num_shared(token_ids), len(token_ids) - 1) if best else 0
        slot = self._choose(best, shared, room)
        if best is not None and slot is not best:
            slot.copy_entries(best, shared)
        slot.token_ids = list(token_ids[:shared])
        slot.in_use, slot.num_held = True, max(slot.num_held, length)
        self._evict(room, slot)
        return slot, shared

    def release(self, slot: AnySlot) -> None:
        """Give a slot back; its prompt stays cached until the memory is needed."""
        slot.in_use = False
        slot.last_used = next(self._clock)

    def _choose(self, best: AnySlot | None, shared: int, room: int) -> AnySlot:
        """Extend the best slot, unless that would throw away most of what it holds for another document."""
        if best is not None and not best.in_use and 2 * shared >= len(best.token_ids):
            return best
        free = [slot for slot in self.slots if not slot.in_use]
        running = sum(slot.num_held for slot in self.slots if slot.in_use)
        if best in free and running + best.num_held > room:
            return best
        empty = [slot for slot in free if not slot.token_ids]
        if not empty and len(self.slots) < MAX_SLOTS:
            self.slots.append(self._make_slot())
            return self.slots[-1]
        return min(empty or free, key=lambda slot: slot.last_used)

    def _evict(self, room: int, keep: AnySlot) -> None:
        """Clear free slots until the others than `keep` hold no more than `room`."""
        others = [slot for slot in self.slots if slot is not keep]
        for slot in sorted(others, key=lambda slot: slot.last_used):
            if sum(other.num_held for other in others) <= room:
                return
            if not slot.in_use and slot.num_held:
                slot.clear()
                slot.token_ids, slot.num_held = [], 0


def common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many leading ids are equal."""
    length = min(len(first), len(second))
    for index in range(length):
        if first[index] != second[index]:
            return index
    return length
