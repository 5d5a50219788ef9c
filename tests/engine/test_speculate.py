"""Drafts save steps and change nothing else."""

from __future__ import annotations

import random

import pytest
from engine_runs import drain, end_of, make_engine, request, run_one
from hypothesis import given
from hypothesis import strategies as st

from llama_assist.checkpoint import Checkpoint
from llama_assist.engine.engine import MAX_REMEMBERED, Engine
from llama_assist.engine.messages import Event, Generate, TokenOut
from llama_assist.engine.speculate import LONGEST_DRAFT, Drafter


def without_drafts(engine: Engine) -> Engine:
    engine._runner.takes_drafts = False
    return engine


def test_what_followed_the_last_tokens_before_is_drafted() -> None:
    assert Drafter([1, 2, 3, 4, 5, 6, 9, 1, 2]).draft() == [3, 4, 5]


def test_the_longest_match_wins_and_of_equal_ones_the_latest() -> None:
    assert Drafter([7, 1, 2, 3, 30, 8, 1, 2, 40, 7, 1, 2]).draft()[0] == 3
    assert Drafter([1, 2, 30, 8, 1, 2, 40, 9, 1, 2]).draft()[0] == 40


def test_nothing_is_drafted_where_nothing_repeats() -> None:
    assert Drafter([1, 2, 3, 4]).draft() == []
    assert Drafter([1, 2, 3, 1]).draft() == []
    assert Drafter([]).draft() == []


def test_a_run_never_finds_itself() -> None:
    drafter = Drafter([5, 6])
    drafter.append(7)
    assert drafter.draft() == []


def test_drafts_that_fail_become_short_and_end_until_they_pay_again() -> None:
    drafter = Drafter([1, 2, 3, 4, 5, 6, 9, 1, 2])
    assert len(drafter.draft()) == LONGEST_DRAFT
    drafter.learn(4, 0)
    assert len(drafter.draft()) == 1
    for _ in range(10):
        drafter.learn(1, 0)
    assert drafter.draft() == []
    for _ in range(10):
        drafter.learn(4, 4)
    assert len(drafter.draft()) == LONGEST_DRAFT


def test_what_the_answer_before_wrote_is_drafted_first() -> None:
    text = [1, 2, 30, 8, 1, 2]
    assert Drafter(text, written=[9, 1, 2, 40, 41]).draft() == [40, 41]
    assert Drafter(text, written=[9, 5, 2, 40, 41]).draft() == [30, 8, 1]
    assert Drafter(text, written=[9, 1, 2]).draft() == [30, 8, 1]


@given(st.lists(st.integers(0, 3), max_size=60))
def test_a_draft_always_stood_behind_the_same_tokens(token_ids: list[int]) -> None:
    draft = Drafter(token_ids).draft()
    whole = [*token_ids[-2:], *draft]
    places = range(len(token_ids) - len(whole) + 1)
    assert not draft or any(token_ids[place : place + len(whole)] == whole for place in places)


def tokens_of(events: list[Event]) -> list[int]:
    return [event.choice.token_id for event in events if isinstance(event, TokenOut)]


def num_steps(engine: Engine, order: Generate) -> tuple[int, list[Event]]:
    engine.submit(order)
    events: list[Event] = []
    steps = 0
    while engine.num_sequences:
        events += engine.step()
        steps += 1
    return steps, events


@pytest.mark.parametrize("weights", ["int4", "int8"])
@pytest.mark.parametrize("sampling", [{}, {"temperature": 0.7, "seed": 4}, {"repetition_penalty": 1.2}])
def test_the_text_is_the_same_in_fewer_steps(
    tiny_checkpoint: Checkpoint, weights: str, sampling: dict[str, float]
) -> None:
    drafting, plain = make_engine(tiny_checkpoint, weights), without_drafts(make_engine(tiny_checkpoint, weights))
    rng = random.Random(2)
    saved = 0
    for number in range(12):
        motif = [rng.randrange(10, 380) for _ in range(12)]
        few = dict.fromkeys(motif[:3], 50.0)  # a text of three tokens repeats itself
        order = request(str(number), motif * 4, 60, logit_bias=few, **sampling)
        steps, found = num_steps(drafting, order)
        all_steps, wanted = num_steps(plain, order)
        assert found == wanted
        saved += all_steps - steps
    assert saved > 60


@pytest.mark.parametrize("room", [1, 2, 3, 4, 5])
def test_drafts_never_pass_the_limits(tiny_checkpoint: Checkpoint, room: int) -> None:
    motif = list(range(20, 30))
    engine = make_engine(tiny_checkpoint, "int4", length=40 + room)
    usage = end_of(run_one(engine, request("context", motif * 4, 100))).usage
    assert usage.completion_tokens == room + 1
    engine = make_engine(tiny_checkpoint, "int4")
    engine.submit(request("asked", motif * 4, room))
    assert end_of(drain(engine)).usage.completion_tokens == room


def test_the_next_request_of_a_document_writes_again_in_fewer_steps(tiny_checkpoint: Checkpoint) -> None:
    engine = make_engine(tiny_checkpoint, "int4")
    prompt = list(range(20, 60))
    first_steps, first = num_steps(engine, request("1", prompt, 24, document="cell"))
    second_steps, second = num_steps(engine, request("2", prompt, 24, document="cell"))
    other_steps, other = num_steps(engine, request("3", prompt, 24, document="other"))
    assert tokens_of(first) == tokens_of(second) == tokens_of(other)
    assert second_steps < first_steps - 8
    assert other_steps > second_steps


def test_a_cancelled_answer_helps_the_next_one_too(tiny_checkpoint: Checkpoint) -> None:
    engine = make_engine(tiny_checkpoint, "int4")
    prompt = list(range(20, 60))
    whole_steps, whole = num_steps(make_engine(tiny_checkpoint, "int4"), request("0", prompt, 24))
    engine.submit(request("1", prompt, 24, document="cell"))
    for _ in range(whole_steps - 2):
        engine.step()
    engine.cancel("1")
    steps, events = num_steps(engine, request("2", prompt, 24, document="cell"))
    assert tokens_of(events) == tokens_of(whole)
    assert steps < whole_steps - 6


def test_only_so_many_answers_are_kept(tiny_checkpoint: Checkpoint) -> None:
    engine = make_engine(tiny_checkpoint, "int4")
    for number in range(MAX_REMEMBERED + 5):
        num_steps(engine, request(str(number), [30, 31], 1, document=f"cell {number}"))
    assert len(engine._written) == MAX_REMEMBERED


def test_who_wants_no_drafts_gets_the_same_token_by_token(tiny_checkpoint: Checkpoint) -> None:
    few = {30: 50.0, 31: 50.0}
    steps, found = num_steps(make_engine(tiny_checkpoint, "int4"), request("a", range(20, 60), 40, logit_bias=few))
    plain = request("a", range(20, 60), 40, logit_bias=few, drafts=False)
    all_steps, wanted = num_steps(make_engine(tiny_checkpoint, "int4"), plain)
    assert found == wanted
    assert steps < all_steps == 40
