"""What is found in the cache gives the very same answer as what is read anew."""

from __future__ import annotations

import random

import pytest
import torch
from engine_runs import (
    CPU,
    end_of,
    forget,
    make_engine,
    needs_exact_bf16,
    read_prompt,
    request,
    run_one,
    text_of,
    tiny_runner,
)
from torch import Tensor

from llama_assist.checkpoint import Checkpoint
from llama_assist.engine.engine import SHORT_CHUNK
from llama_assist.engine.runner import LlamaRunner
from llama_assist.engine.weights import choose_prefill

FORMS = [("float32", True), ("bf16", True), ("int8", True), ("int8", False), ("int4", True), ("int4", False)]
NUM_EDITS = 200
NUM_TOKENS = 380  # ordinary tokens of the tiny vocabulary stand behind its special ones


def read(runner: LlamaRunner, ids: list[int], cuts: list[int]) -> tuple[Tensor, Tensor, Tensor]:
    """Read a prompt in pieces; return the logits of its end, and its keys and values."""
    slot = runner.new_slot()
    logits = None
    for start, end in zip([0, *cuts], [*cuts, len(ids)], strict=True):
        logits = read_prompt(runner, slot, ids[start:end], start)
    assert logits is not None
    keys, values = slot.entries(len(ids))
    return logits, keys.clone(), values.clone()


@pytest.mark.parametrize(("weights", "fast_prefill"), FORMS)
def test_however_a_prompt_is_cut_every_bit_is_the_same(
    tiny_checkpoint: Checkpoint, weights: str, fast_prefill: bool
) -> None:
    needs_exact_bf16(weights, fast_prefill=fast_prefill)
    runner = tiny_runner(tiny_checkpoint, weights, fast_prefill=fast_prefill)
    rng = random.Random(7)
    ids = [rng.randrange(10, NUM_TOKENS) for _ in range(300)]
    expected = read(runner, ids, [])
    ways = [[1], [299], [256], [128, 256], [17, 18, 19, 40], list(range(1, 60)), list(range(16, 300, 16))]
    ways += [sorted(rng.sample(range(1, 300), rng.randrange(1, 6))) for _ in range(20)]
    for cuts in ways:
        for found, wanted in zip(read(runner, ids, cuts), expected, strict=True):
            assert torch.equal(found, wanted), f"cut at {cuts}"


@pytest.mark.parametrize(("weights", "fast_prefill"), FORMS)
def test_the_number_of_threads_changes_no_bit(tiny_checkpoint: Checkpoint, weights: str, fast_prefill: bool) -> None:
    needs_exact_bf16(weights, fast_prefill=fast_prefill)
    runner = tiny_runner(tiny_checkpoint, weights, fast_prefill=fast_prefill)
    ids = [10 + index * 7 % 370 for index in range(200)]
    before = torch.get_num_threads()
    try:
        results = []
        for num_threads in (1, 2, 4):
            torch.set_num_threads(num_threads)
            results.append(read(runner, ids, []))
    finally:
        torch.set_num_threads(before)
    for result in results[1:]:
        assert all(torch.equal(found, wanted) for found, wanted in zip(result, results[0], strict=True))


def edit(ids: list[int], rng: random.Random) -> list[int]:
    """Insert, delete, replace or append a few tokens, most often near the end, as typing does."""
    place = len(ids) if rng.random() < 0.4 else rng.randrange(1, len(ids))
    removed = rng.choice([0, 0, 1, 3, 20])
    added = [rng.randrange(10, NUM_TOKENS) for _ in range(rng.choice([0, 1, 1, 2, 15]))]
    edited = [*ids[:place], *added, *ids[place + removed :]]
    return edited[:420] if len(edited) > 10 else [*edited, *range(20, 60)]


@pytest.mark.parametrize("weights", ["float32", "bf16", "int4"])
def test_after_many_edits_the_cached_answer_is_the_fresh_one(tiny_checkpoint: Checkpoint, weights: str) -> None:
    fast_prefill = choose_prefill(True, CPU)
    needs_exact_bf16(weights, fast_prefill=fast_prefill)
    engine = make_engine(tiny_checkpoint, weights, num_slots=3, fast_prefill=fast_prefill)
    fresh = make_engine(tiny_checkpoint, weights, num_slots=1, fast_prefill=fast_prefill)
    rng = random.Random(11)
    documents = [[rng.randrange(10, NUM_TOKENS) for _ in range(280)] for _ in range(3)]
    cached = 0
    for number in range(NUM_EDITS):
        index = rng.randrange(3)
        documents[index] = edit(documents[index], rng)
        events = run_one(engine, request(str(number), documents[index], 6))
        wanted = run_one(forget(fresh), request(str(number), documents[index], 6))
        assert text_of(events) == text_of(wanted)
        cached += end_of(events).usage.cached_tokens
        assert end_of(wanted).usage.cached_tokens == 0
    assert cached > 100 * NUM_EDITS


def test_a_follow_up_reads_only_what_is_new(tiny_checkpoint: Checkpoint) -> None:
    engine = make_engine(tiny_checkpoint)
    prompt = list(range(10, 310))
    run_one(engine, request("first", prompt))
    usage = end_of(run_one(engine, request("second", [*prompt, 30, 31]))).usage
    assert (usage.prompt_tokens, usage.cached_tokens) == (302, 300)


def test_the_same_prompt_again_reads_its_last_token_only(tiny_checkpoint: Checkpoint) -> None:
    engine = make_engine(tiny_checkpoint)
    run_one(engine, request("first", range(10, 60)))
    assert end_of(run_one(engine, request("second", range(10, 60)))).usage.cached_tokens == 49


def test_generated_tokens_are_read_again_with_the_prompt_weights(tiny_checkpoint: Checkpoint) -> None:
    """What decoding wrote came from other weights, so it never serves a prompt."""
    engine = make_engine(tiny_checkpoint, "int4")
    prompt = list(range(10, 60))
    events = run_one(engine, request("first", prompt, 10))
    answer = [event.choice.token_id for event in events if hasattr(event, "choice")]
    usage = end_of(run_one(engine, request("second", [*prompt, *answer, 12]))).usage
    assert usage.cached_tokens == len(prompt)


@pytest.mark.parametrize("num_steps", [1, 2, 4])
def test_a_prompt_that_was_cancelled_half_read_poisons_nothing(tiny_checkpoint: Checkpoint, num_steps: int) -> None:
    prompt = [10 + index * 3 % 370 for index in range(400)]
    wanted = text_of(run_one(make_engine(tiny_checkpoint), request("fresh", prompt)))
    engine = make_engine(tiny_checkpoint)
    engine.submit(request("first", prompt, 50))
    for _ in range(num_steps):
        engine.step()
    engine.cancel("first")
    events = run_one(engine, request("second", prompt))
    assert text_of(events) == wanted
    assert end_of(events).usage.cached_tokens == min(num_steps * SHORT_CHUNK, len(prompt) - 1)
