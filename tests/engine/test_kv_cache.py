"""A prompt gets the slot that serves it best, at the cost of nobody."""

from __future__ import annotations

import torch
from engine_runs import PlainSlot

from llama_assist.checkpoint import Checkpoint
from llama_assist.engine.config import read_config
from llama_assist.engine.kv_cache import LlamaSlot, SlotPool, common_prefix


class NotingSlot(PlainSlot):
    """A slot that notes what was copied into it."""

    def __init__(self) -> None:
        super().__init__()
        self.copied: list[tuple[object, int]] = []

    def copy_entries(self, other: object, length: int) -> None:
        self.copied.append((other, length))


def pool_of(*prompts: list[int]) -> SlotPool[NotingSlot]:
    """A pool whose slots hold these prompts, used in this order."""
    pool = SlotPool([NotingSlot() for _ in prompts])
    for slot, prompt in zip(pool.slots, prompts, strict=True):
        slot.token_ids = prompt
        pool.release(slot)
    return pool


def test_the_common_prefix_ends_at_the_first_difference() -> None:
    assert common_prefix([1, 2, 3], [1, 2, 4, 5]) == 2
    assert common_prefix([], [1]) == 0
    assert common_prefix([1, 2], [1, 2, 3]) == 2


def test_the_slot_with_the_longest_prefix_is_chosen() -> None:
    pool = pool_of([1, 2, 3], [1, 2, 3, 4, 5], [9])
    slot, num_cached = pool.acquire([1, 2, 3, 4, 7])
    assert (slot, num_cached) == (pool.slots[1], 4)
    assert slot.token_ids == [1, 2, 3, 4]
    assert slot.in_use


def test_the_last_token_is_always_read() -> None:
    slot, num_cached = pool_of([1, 2, 3]).acquire([1, 2, 3])
    assert num_cached == 2
    assert slot.token_ids == [1, 2]


def test_a_slot_in_use_is_copied_not_taken() -> None:
    pool = pool_of([1, 2, 3, 4], [])
    pool.slots[0].in_use = True
    slot, num_cached = pool.acquire([1, 2, 3, 4, 5])
    assert slot is pool.slots[1]
    assert num_cached == 4
    assert slot.copied == [(pool.slots[0], 4)]
    assert pool.slots[0].token_ids == [1, 2, 3, 4]


def test_the_slot_of_another_document_survives_a_short_common_beginning() -> None:
    other = [1, 2, *range(100, 120)]
    pool = pool_of(other, [])
    slot, num_cached = pool.acquire([1, 2, *range(200, 220)])
    assert slot is pool.slots[1]
    assert num_cached == 2
    assert slot.copied == [(pool.slots[0], 2)]
    assert pool.slots[0].token_ids == other


def test_an_empty_slot_is_taken_before_one_that_holds_something() -> None:
    pool = pool_of([1] * 9, [], [2] * 9)
    assert pool.acquire([7, 8])[0] is pool.slots[1]


def test_the_slot_that_rested_longest_is_given_up() -> None:
    pool = pool_of([1] * 9, [2] * 9, [3] * 9)
    pool.release(pool.acquire([1] * 9)[0])
    slot, num_cached = pool.acquire([7, 8])
    assert slot.token_ids == []
    assert (slot, num_cached) == (pool.slots[1], 0)


def test_the_only_free_slot_serves_whatever_it_held() -> None:
    pool = pool_of([1, 2, 3, 4, 5, 6])
    slot, num_cached = pool.acquire([1, 9])
    assert slot is pool.slots[0]
    assert num_cached == 1
    assert slot.copied == []


def test_free_slots_are_counted() -> None:
    pool = pool_of([], [])
    slot, _ = pool.acquire([1])
    assert pool.num_free == 1
    pool.release(slot)
    assert pool.num_free == 2


def test_copied_entries_do_not_change_with_their_source(tiny_checkpoint: Checkpoint) -> None:
    config = read_config(tiny_checkpoint.config)
    first, second = (LlamaSlot(config, 32, torch.float32, torch.device("cpu")) for _ in range(2))
    first.keys.fill_(1.0)
    first.values.fill_(2.0)
    second.copy_entries(first, 10)
    first.keys.zero_()
    assert second.keys[:, :, :10].eq(1).all()
    assert second.values[:, :, :10].eq(2).all()
    assert second.keys[:, :, 10:].eq(0).all()
