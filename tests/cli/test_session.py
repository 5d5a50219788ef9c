"""A session follows one answer at a time, and knows when the model wrote what."""

from __future__ import annotations

import asyncio

import pytest
from scripted_backend import ScriptedBackend

from llama_assist.cli.reply import Reply
from llama_assist.cli.session import Session, open_session
from llama_assist.config import Assist
from llama_assist.errors import ModelError
from llama_assist.types import ChatRequest, Chunk, CompletionRequest, Job, Message, Prompt, SamplingParams, Usage

QUESTION = ChatRequest((Message("user", "Why?"),))


def test_pieces_are_shown_as_they_come() -> None:
    shown: list[str] = []
    reply = asyncio.run(Session(ScriptedBackend("Be", "cause", "."), Assist()).chat(QUESTION, shown.append))
    assert shown == ["Be", "cause", "."]
    assert reply.text == "Because."
    assert reply.finish_reason == "stop"
    assert reply.usage == Usage(20, 4, 5)


def test_tokens_are_timed_although_filters_hold_their_text_back() -> None:
    session = Session(ScriptedBackend("np.", "mean", "(values)"), Assist())
    reply = asyncio.run(session.complete(CompletionRequest("total = ", manual=True)))
    assert reply.text == "np.mean(values)"
    assert len(reply.token_ms) == 3
    assert reply.first_token_ms < reply.first_text_ms


def test_each_answer_is_timed_on_its_own() -> None:
    session = Session(ScriptedBackend("a", "b"), Assist())
    job = Job(Prompt(("x",)), SamplingParams())

    async def twice() -> list[Reply]:
        return [await session.generate(job), await session.generate(job)]

    for reply in asyncio.run(twice()):
        assert len(reply.token_ms) == 2
        assert 0 < reply.first_token_ms <= reply.token_ms[-1] <= reply.total_ms


def test_speed_counts_the_tokens_after_the_first() -> None:
    reply = Reply(token_ms=[500.0, 600.0, 700.0], total_ms=900.0)
    assert reply.tokens_per_second == pytest.approx(10)
    assert Reply(token_ms=[500.0]).tokens_per_second == 0
    assert Reply().tokens_per_second == 0


def test_an_answer_without_text_is_timed_by_its_end() -> None:
    reply = Reply()
    reply.add(Chunk(), 10.0)
    reply.add(Chunk(finish_reason="stop"), 30.0)
    assert (reply.first_token_ms, reply.first_text_ms, reply.total_ms) == (30.0, 30.0, 30.0)


def test_a_model_that_does_not_load_is_not_left_behind(
    backend: ScriptedBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse() -> None:
        raise ModelError("The weights are damaged.", "wrong-hash")

    async def load() -> None:
        async with open_session(Assist()):
            pytest.fail("the session was opened")

    monkeypatch.setattr(backend, "start", refuse)
    with pytest.raises(ModelError):
        asyncio.run(load())
    assert backend.num_stops == 1
