"""Requests take turns, end where they should, and leave each other alone."""

from __future__ import annotations

import random

import pytest
from engine_runs import (
    ScriptedRunner,
    drain,
    end_of,
    forget,
    make_engine,
    needs_exact_bf16,
    request,
    run_one,
    text_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_model import SPECIAL

from llama_assist.checkpoint import Checkpoint
from llama_assist.engine.engine import CHUNK, SHORT_CHUNK, Engine
from llama_assist.engine.messages import Done, Event, Superseded, TokenOut
from llama_assist.engine.vocabulary import Vocabulary

WORDS = [b"", b"the", b" cat", b" sat", b"\n", b" \xf0\x9f", b"\x99\x82", b" on", b"c", b" c", b"a", b"t"]
END, THE, CAT, SAT, LINE, HALF, REST, ON, C, SPACE_C, A, T = range(len(WORDS))
PROMPT = (THE, CAT, SAT)


def scripted(*answer: int, num_slots: int = 2, **options: int) -> Engine:
    runner = ScriptedRunner(answer, options.pop("num_logits", len(WORDS)), **options)
    return Engine(runner, Vocabulary(WORDS, special_ids=[END]), num_slots)


@pytest.fixture(scope="module")
def tiny_engine(tiny_checkpoint: Checkpoint) -> Engine:
    return make_engine(tiny_checkpoint, num_slots=1)


def names(events: list[Event]) -> list[str]:
    return [event.id for event in events]


def test_an_end_token_ends_the_answer_and_is_not_shown() -> None:
    events = run_one(scripted(THE, CAT, END), request("a", PROMPT, stop_ids=frozenset({END})))
    assert text_of(events) == "the cat"
    assert end_of(events).finish_reason == "stop"
    assert (end_of(events).usage.prompt_tokens, end_of(events).usage.completion_tokens) == (3, 3)


def test_the_limit_of_tokens_ends_the_answer() -> None:
    events = run_one(scripted(CAT), request("a", PROMPT, 4))
    assert text_of(events) == " cat" * 4
    assert end_of(events).finish_reason == "length"
    assert end_of(events).usage.completion_tokens == 4


def test_no_tokens_asked_means_none_given() -> None:
    events = run_one(scripted(CAT), request("a", PROMPT, 0))
    assert [type(event) for event in events] == [Done]
    assert end_of(events).finish_reason == "length"
    assert end_of(events).usage.completion_tokens == 0


def test_the_end_of_the_context_ends_the_answer() -> None:
    engine = scripted(CAT, length=10)
    events = run_one(engine, request("a", [THE] * 7, 100))
    assert end_of(events).finish_reason == "length"
    assert end_of(events).usage.completion_tokens == 4  # seven and three are read; the fourth is only chosen
    assert engine.num_sequences == 0


def test_the_longest_prompt_still_gets_a_token(tiny_checkpoint: Checkpoint) -> None:
    engine = make_engine(tiny_checkpoint, length=64)
    usage = end_of(run_one(engine, request("a", range(10, 73), 100))).usage
    assert (usage.prompt_tokens, usage.completion_tokens) == (63, 2)


def test_every_token_tells_what_has_been_used_so_far() -> None:
    events = run_one(scripted(THE, CAT), request("a", PROMPT, 2))
    assert [event.usage.completion_tokens for event in events if isinstance(event, TokenOut)] == [1, 2]


def test_a_stop_string_across_tokens_ends_the_answer() -> None:
    events = run_one(scripted(THE, CAT, SAT, ON), request("a", PROMPT, stop=("t sa",)))
    assert text_of(events) == "the ca"
    assert end_of(events).finish_reason == "stop"


def test_what_was_held_back_for_a_stop_string_is_shown_at_the_limit() -> None:
    events = run_one(scripted(THE, CAT), request("a", PROMPT, 2, stop=("t sat down",)))
    assert text_of(events) == "the cat"
    assert end_of(events).text == "t"


def test_a_character_of_two_tokens_is_shown_once_it_is_whole() -> None:
    events = run_one(scripted(HALF, REST, CAT), request("a", PROMPT, 3))
    assert [event.text for event in events if isinstance(event, TokenOut)] == [" ", "🙂", " cat"]


def test_half_a_character_at_the_limit_is_dropped() -> None:
    assert text_of(run_one(scripted(THE, HALF), request("a", PROMPT, 2))) == "the "


def test_special_tokens_never_reach_the_text() -> None:
    assert text_of(run_one(scripted(THE, END, CAT), request("a", PROMPT, 3))) == "the cat"


def test_logits_behind_the_vocabulary_are_no_tokens() -> None:
    """Heads are often padded; a padding row that wins must neither be chosen nor end the engine."""
    events = run_one(scripted(len(WORDS) + 3, num_logits=len(WORDS) + 5), request("a", PROMPT, 3))
    assert end_of(events).usage.completion_tokens == 3


def test_alternatives_are_reported_with_their_text() -> None:
    events = run_one(scripted(THE, CAT), request("a", PROMPT, 2, logprobs=2))
    first = events[0]
    assert isinstance(first, TokenOut)
    assert (first.piece, first.top[0][0]) == ("the", "the")
    assert len(first.top) == 2
    assert first.top[0][1] == pytest.approx(first.choice.logprob)


def test_the_answer_begins_with_what_stands_there_already() -> None:
    """Healing: the typed "c" is forced, and only what follows it is returned."""
    events = run_one(scripted(CAT, SAT), request("a", PROMPT, 3, forced=b" c"))
    assert text_of(events) == "at sat sat"


def test_healing_goes_through_several_tokens_where_it_must() -> None:
    events = run_one(scripted(THE, T, ON), request("a", PROMPT, 4, forced=b"ca"))
    assert [event.piece for event in events if isinstance(event, TokenOut)][:2] == ["c", "a"]
    assert text_of(events) == " on on"


def test_an_end_token_cannot_end_the_answer_while_it_heals() -> None:
    """An added token of the vocabulary may begin with the same sign as the text."""
    engine = Engine(ScriptedRunner([2], 4), Vocabulary([b"<", b"a", b"<|end|>", b"<b"]), 1)
    events = run_one(engine, request("a", [1], 1, forced=b"<", stop_ids=frozenset({2})))
    assert [event.choice.token_id for event in events if isinstance(event, TokenOut)] == [0]


def test_what_cannot_be_spelled_gets_an_empty_answer() -> None:
    events = run_one(scripted(THE), request("a", PROMPT, 5, forced="é".encode()))
    assert text_of(events) == ""
    assert end_of(events).finish_reason == "stop"


@given(st.text("abct <\n", min_size=1, max_size=12), st.integers(0, 10_000))
@settings(deadline=None, max_examples=60)
def test_whatever_is_forced_is_said(tiny_engine: Engine, tiny_checkpoint: Checkpoint, forced: str, seed: int) -> None:
    order = request("a", [20, 30, 40], 40, forced=forced.encode(), seed=seed, temperature=1.5)
    events = run_one(forget(tiny_engine), order)
    pieces = [event.choice.token_id for event in events if isinstance(event, TokenOut)]
    table = Vocabulary.from_file(tiny_checkpoint.tokenizer_path).token_bytes
    said = b"".join(table[token_id] for token_id in pieces)
    assert said.startswith(forced.encode())
    assert said[len(forced.encode()) :].decode(errors="replace").startswith(text_of(events).removesuffix("�"))


def test_requests_take_turns() -> None:
    engine = scripted(CAT, num_slots=4)
    for name in "abc":
        engine.submit(request(name, PROMPT, 3, priority="inline"))
    assert "".join(names(drain(engine))) == "abcabcaabbcc"  # the last token and its end come in one step


def test_a_long_prompt_does_not_hold_up_the_others() -> None:
    engine = scripted(CAT, num_slots=3, length=2000)
    engine.submit(request("long", [THE] * 1500, 1))
    engine.submit(request("short", PROMPT, 3))
    order = names(drain(engine))
    assert order.count("short") == 4
    assert order.index("long") > order.index("short")


def test_inline_requests_come_before_chat_and_chat_before_idle_work() -> None:
    engine = scripted(CAT, num_slots=4)
    for priority in ("idle", "chat", "inline"):
        engine.submit(request(priority, PROMPT, 2, priority=priority))
    ends = [event.id for event in drain(engine) if isinstance(event, Done)]
    assert ends == ["inline", "chat", "idle"]


def test_prompts_are_read_in_aligned_chunks() -> None:
    runner = ScriptedRunner([CAT], len(WORDS), length=2000)
    engine = Engine(runner, Vocabulary(WORDS), 1)
    run_one(engine, request("a", [THE] * 600, 1, priority="inline"))
    run_one(engine, request("b", [THE] * 700, 1, priority="inline"))
    assert runner.reads == [(0, CHUNK), (CHUNK, CHUNK), (2 * CHUNK, 88), (600, 100)]


def test_chat_leaves_the_last_slot_to_inline_requests() -> None:
    engine = scripted(CAT, num_slots=2)
    engine.submit(request("first", PROMPT, 50))
    engine.submit(request("second", PROMPT, 50))
    assert {event.id for _ in range(10) for event in engine.step()} == {"first"}
    engine.submit(request("inline", PROMPT, 2, priority="inline"))
    assert "inline" in {event.id for _ in range(3) for event in engine.step()}


def test_a_single_slot_serves_chat_too() -> None:
    assert text_of(run_one(scripted(CAT, num_slots=1), request("a", PROMPT, 2))) == " cat cat"


def test_a_request_that_waits_gets_the_slot_of_one_that_ends() -> None:
    engine = scripted(CAT, num_slots=1)
    engine.submit(request("a", PROMPT, 2))
    engine.submit(request("b", PROMPT, 2))
    ends = [event.id for event in drain(engine) if isinstance(event, Done)]
    assert ends == ["a", "b"]


def test_a_newer_inline_request_takes_the_place_of_the_older() -> None:
    engine = scripted(CAT)
    engine.submit(request("old", PROMPT, 50, priority="inline", document="x"))
    engine.step()
    events = engine.submit(request("new", PROMPT, 2, priority="inline", document="x"))
    assert events == [Superseded("old")]
    assert set(names(drain(engine))) == {"new"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"priority": "inline", "document": "x"}, {"priority": "inline", "document": "y"}),
        ({"priority": "inline", "document": ""}, {"priority": "inline", "document": ""}),
        ({"priority": "chat", "document": "x"}, {"priority": "inline", "document": "x"}),
        ({"priority": "inline", "document": "x"}, {"priority": "chat", "document": "x"}),
    ],
)
def test_other_requests_are_not_superseded(old: dict[str, str], new: dict[str, str]) -> None:
    engine = scripted(CAT, num_slots=3)
    engine.submit(request("old", PROMPT, 2, **old))
    assert engine.submit(request("new", PROMPT, 2, **new)) == []
    assert {event.id for event in drain(engine) if isinstance(event, Done)} == {"old", "new"}


def test_a_cancelled_request_ends_at_once_and_frees_its_slot() -> None:
    engine = scripted(CAT, num_slots=1)
    engine.submit(request("a", PROMPT, 50))
    engine.submit(request("b", PROMPT, 20))
    for _ in range(3):
        engine.step()
    (done,) = engine.cancel("a")
    assert isinstance(done, Done)
    assert done.finish_reason == "cancelled"
    assert done.usage.completion_tokens == 3
    assert set(names(drain(engine))) == {"b"}


def test_a_request_that_has_ended_cannot_be_cancelled_again() -> None:
    engine = scripted(CAT)
    run_one(engine, request("a", PROMPT, 2))
    assert engine.cancel("a") == []
    assert engine.cancel("never") == []


def test_aborted_requests_leave_the_others_as_if_they_were_alone(tiny_checkpoint: Checkpoint) -> None:
    rng = random.Random(3)
    orders = []
    for number in range(100):
        prompt = [*range(20, 20 + 30 * (number % 3)), *(rng.randrange(10, 380) for _ in range(5 + number % 7))]
        options = {"temperature": 0.8, "seed": number} if number % 2 else {}
        stop = frozenset({SPECIAL.index("<|im_end|>")})
        orders.append(request(str(number), prompt, 4 + number % 9, stop_ids=stop, **options))
    single = make_engine(tiny_checkpoint, "int4", num_slots=1)
    alone = {order.id: run_one(forget(single), order) for order in orders}
    engine = make_engine(tiny_checkpoint, "int4", num_slots=4)
    events = [event for order in orders for event in engine.submit(order)]
    aborted = rng.sample(range(100), 10)
    for name in aborted:
        for _ in range(rng.randrange(1, 3)):
            events += engine.step()
        events += engine.cancel(str(name))
    events += drain(engine)
    for order in orders:
        if end_of(events, order.id).finish_reason != "cancelled":
            assert text_of(events, order.id) == text_of(alone[order.id])
            assert end_of(events, order.id).finish_reason == end_of(alone[order.id]).finish_reason
    assert sum(end_of(events, order.id).finish_reason == "cancelled" for order in orders) >= 5


def test_the_same_request_gives_the_same_text_beside_others(tiny_checkpoint: Checkpoint) -> None:
    order = request("a", range(30, 90), 30, seed=9, temperature=1.0)
    alone = text_of(run_one(make_engine(tiny_checkpoint), order))
    for _ in range(3):
        engine = make_engine(tiny_checkpoint, num_slots=5)
        for number in range(4):
            engine.submit(request(f"other{number}", range(10 + number, 60), 20, temperature=1.0))
        assert text_of(run_one(engine, order), "a") == alone


def test_an_inline_request_gets_its_token_after_the_step_that_runs() -> None:
    engine = scripted(CAT, num_slots=4, length=200)
    for name in "abc":
        engine.submit(request(name, PROMPT, 40))
    for _ in range(6):
        engine.step()
    engine.submit(request("inline", PROMPT, 5, priority="inline"))
    assert names(engine.step()) == ["inline"]


def test_answers_of_the_chat_go_on_beside_an_inline_answer() -> None:
    engine = scripted(CAT, num_slots=4, length=200)
    engine.submit(request("chat", PROMPT, 40))
    engine.step()
    engine.submit(request("inline", PROMPT, 5, priority="inline"))
    engine.step()
    assert set(names(engine.step())) == {"inline", "chat"}


def test_idle_work_waits_for_everybody() -> None:
    engine = scripted(CAT, num_slots=4, length=200)
    engine.submit(request("idle", PROMPT, 5, priority="idle"))
    engine.submit(request("chat", PROMPT, 5))
    ends = [event.id for event in drain(engine) if isinstance(event, Done)]
    assert ends == ["chat", "idle"]


def test_several_answers_advance_in_one_step() -> None:
    runner = ScriptedRunner([CAT], len(WORDS), length=200)
    engine = Engine(runner, Vocabulary(WORDS, special_ids=[END]), 4)
    for name in "abcd":
        engine.submit(request(name, PROMPT, 20))
    drain(engine)
    assert max(runner.steps) == 4
    assert len(runner.steps) < 30


def test_the_prompt_of_one_is_read_beside_the_answers_of_others() -> None:
    runner = ScriptedRunner([CAT], len(WORDS), length=2000)
    engine = Engine(runner, Vocabulary(WORDS, special_ids=[END]), 4)
    engine.submit(request("short", PROMPT, 20))
    engine.step()
    engine.submit(request("long", [CAT] * 600, 1))
    events = engine.step()
    assert names(events) == ["short"]
    assert runner.steps[-1] == 2
    assert runner.reads[-1] == (0, SHORT_CHUNK)


def test_requests_beyond_the_memory_wait() -> None:
    engine = scripted(CAT, num_slots=2, length=64)
    for name in "abcd":
        engine.submit(request(name, PROMPT, 20))
    events = [event for _ in range(8) for event in engine.step()]
    assert set(names(events)) == {"a", "b"}  # two of 23 positions beside the reserve of 64
    assert {event.id for event in drain(engine) if isinstance(event, Done)} == set("abcd")


@pytest.mark.parametrize("newer", ["inline", "chat", "idle"])
def test_a_warm_up_ends_when_its_document_asks_for_anything(newer: str) -> None:
    engine = scripted(CAT)
    engine.submit(request("warm", [THE] * 40, 0, priority="idle", document="x"))
    assert engine.submit(request("new", PROMPT, 2, priority=newer, document="x")) == [Superseded("warm")]


def test_a_warm_up_leaves_its_prompt_in_the_cache(tiny_checkpoint: Checkpoint) -> None:
    engine = make_engine(tiny_checkpoint)
    warm = run_one(engine, request("warm", range(20, 120), 0, priority="idle", document="x"))
    assert end_of(warm).usage.completion_tokens == 0
    usage = end_of(run_one(engine, request("real", range(20, 123), 2, priority="inline", document="x"))).usage
    assert usage.cached_tokens == 100


FORMS = [("float32", True), ("bf16", True), ("int8", False), ("int4", False), ("int4", True)]


@pytest.mark.parametrize(("weights", "fast_prefill"), FORMS)
def test_in_a_crowd_every_greedy_text_is_that_of_its_solo_run(
    tiny_checkpoint: Checkpoint, weights: str, fast_prefill: bool
) -> None:
    needs_exact_bf16(weights, fast_prefill=fast_prefill)
    rng = random.Random(17)
    orders = [
        request(str(number), [rng.randrange(10, 380) for _ in range(rng.choice([3, 17, 150, 290]))], 24)
        for number in range(100)
    ]
    single = make_engine(tiny_checkpoint, weights, num_slots=1, fast_prefill=fast_prefill)
    alone = {order.id: tokens_of(run_one(forget(single), order), order.id) for order in orders}
    engine = make_engine(tiny_checkpoint, weights, num_slots=6, fast_prefill=fast_prefill)
    events = [event for order in orders for event in engine.submit(order)] + drain(engine)
    assert {order.id: tokens_of(events, order.id) for order in orders} == alone


def tokens_of(events: list[Event], name: str) -> list[int]:
    return [event.choice.token_id for event in events if isinstance(event, TokenOut) and event.id == name]
