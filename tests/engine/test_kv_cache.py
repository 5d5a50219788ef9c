"""A prompt gets the slot that serves it best, at the cost of nobody, and the memory stays bounded."""

from __future__ import annotations

import pytest
import torch
from engine_runs import PlainSlot

from llama_assist.checkpoint import Checkpoint
from llama_assist.engine.config import read_config
from llama_assist.engine.kv_cache import MAX_SLOTS, LlamaSlot, SlotPool, common_prefix

ROOM = 1000


class NotingSlot(PlainSlot):
    """A slot that notes what was copied into it, and how often its memory was given back."""

    def __init__(self) -> None:
        super().__init__()
        self.copied: list[tuple[object, int]] = []
        self.num_cleared = 0

    def copy_entries(self, other: object, length: int) -> None:
        self.copied.append((other, length))

    def clear(self) -> None:
        self.num_cleared += 1


def pool_of(*prompts: list[int], room: int = ROOM) -> SlotPool[NotingSlot]:
    """A pool whose slots hold these prompts, used in this order."""
    pool = SlotPool(NotingSlot, room)
    for prompt in prompts:
        slot = NotingSlot()
        slot.token_ids, slot.num_held = prompt, len(prompt)
        pool.slots.append(slot)
        pool.release(slot)
    return pool


def acquire(pool: SlotPool[NotingSlot], prompt: list[int], length: int = 30) -> tuple[NotingSlot, int]:
    found = pool.acquire(prompt, length)
    assert found is not None
    return found


def test_the_common_prefix_ends_at_the_first_difference() -> None:
    assert common_prefix([1, 2, 3], [1, 2, 4, 5]) == 2
    assert common_prefix([], [1]) == 0
    assert common_prefix([1, 2], [1, 2, 3]) == 2


def test_the_slot_with_the_longest_prefix_is_chosen() -> None:
    pool = pool_of([1, 2, 3], [1, 2, 3, 4, 5], [9])
    slot, num_cached = acquire(pool, [1, 2, 3, 4, 7])
    assert (slot, num_cached) == (pool.slots[1], 4)
    assert slot.token_ids == [1, 2, 3, 4]
    assert slot.in_use


def test_the_last_token_is_always_read() -> None:
    slot, num_cached = acquire(pool_of([1, 2, 3]), [1, 2, 3])
    assert num_cached == 2
    assert slot.token_ids == [1, 2]


def test_a_slot_in_use_is_copied_not_taken() -> None:
    pool = pool_of([1, 2, 3, 4], [])
    pool.slots[0].in_use = True
    slot, num_cached = acquire(pool, [1, 2, 3, 4, 5])
    assert slot is pool.slots[1]
    assert num_cached == 4
    assert slot.copied == [(pool.slots[0], 4)]
    assert pool.slots[0].token_ids == [1, 2, 3, 4]


def test_the_slot_of_another_document_survives_a_short_common_beginning() -> None:
    other = [1, 2, *range(100, 120)]
    pool = pool_of(other, [])
    slot, num_cached = acquire(pool, [1, 2, *range(200, 220)])
    assert slot is pool.slots[1]
    assert num_cached == 2
    assert slot.copied == [(pool.slots[0], 2)]
    assert pool.slots[0].token_ids == other


def test_an_empty_slot_is_taken_before_one_that_holds_something() -> None:
    pool = pool_of([1] * 9, [], [2] * 9)
    assert acquire(pool, [7, 8])[0] is pool.slots[1]


def test_a_slot_is_made_before_one_is_given_up() -> None:
    pool = pool_of([1] * 9)
    slot, num_cached = acquire(pool, [7, 8])
    assert (slot, num_cached) == (pool.slots[1], 0)


def test_of_many_slots_the_one_that_rested_longest_is_given_up() -> None:
    pool = pool_of(*([number] * 9 for number in range(MAX_SLOTS)))
    pool.release(acquire(pool, [0] * 9)[0])
    slot, num_cached = acquire(pool, [77, 88])
    assert slot.token_ids == []
    assert (slot, num_cached) == (pool.slots[1], 0)
    assert len(pool.slots) == MAX_SLOTS


def test_where_memory_is_short_the_best_slot_serves_whatever_it_held() -> None:
    pool = pool_of([1, 2, 3, 4, 5, 6], room=30)
    slot, num_cached = acquire(pool, [1, 9])
    assert slot is pool.slots[0]
    assert num_cached == 1
    assert slot.copied == []


def test_what_is_cached_gives_way_to_what_runs_the_longest_unused_first() -> None:
    pool = pool_of([1] * 30, [2] * 30, [3] * 30, room=100)
    acquire(pool, [7, 8], length=40)
    assert [slot.num_cleared for slot in pool.slots] == [1, 0, 0, 0]
    assert [len(slot.token_ids) for slot in pool.slots] == [0, 30, 30, 0]
    assert sum(slot.num_held for slot in pool.slots) <= 100


def test_what_was_once_touched_counts_until_it_is_cleared() -> None:
    pool = pool_of(room=100)
    pool.release(acquire(pool, [1, 2], length=80)[0])
    acquire(pool, [1, 2, 3], length=10)
    assert pool.acquire([9], 30) is None
    assert pool.acquire([9], 20) is not None


def test_a_request_waits_while_what_runs_leaves_too_little_memory() -> None:
    pool = pool_of(room=100)
    slot, _ = acquire(pool, [1, 2], length=60)
    assert pool.acquire([3, 4], 60) is None
    pool.release(slot)
    assert pool.acquire([3, 4], 60) is not None


def test_a_reserve_is_left_to_others() -> None:
    pool = pool_of(room=100)
    assert pool.acquire([1, 2], 60, reserve=50) is None
    assert pool.acquire([1, 2], 60, reserve=40) is not None


@pytest.mark.parametrize("transposed", [False, True])
def test_copied_entries_do_not_change_with_their_source(tiny_checkpoint: Checkpoint, transposed: bool) -> None:
    config = read_config(tiny_checkpoint.config)
    first, second = (
        LlamaSlot(config, 32, torch.float32, torch.device("cpu"), keys_transposed=transposed) for _ in range(2)
    )
    first.keys.fill_(1.0)
    first.values.fill_(2.0)
    second.copy_entries(first, 10)
    first.keys.zero_()
    keys, values = second.entries(32)
    assert keys[:, :, :10].eq(1).all()
    assert values[:, :, :10].eq(2).all()
    assert keys[:, :, 10:].eq(0).all()
    assert values[:, :, 10:].eq(0).all()
