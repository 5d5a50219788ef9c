"""Chunks and errors become OpenAI's objects: the JSON files beside are what the front end is tested with too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from llama_assist import wire
from llama_assist.errors import (
    AssistError,
    BusyError,
    ContextTooLongError,
    EngineCrashedError,
    EngineUnavailableError,
    InvalidRequestError,
    ModelError,
    ModelNotFoundError,
    SupersededError,
)
from llama_assist.types import Chunk, Status, TokenLogprob, Usage

CHUNKS = [
    Chunk("sum", 0, (TokenLogprob("sum", -0.5, (("sum", -0.5), ("mean", float("-inf"))), 0),)),
    Chunk("mean", 1),
    Chunk("(😀)", 0),
    Chunk("", 1, finish_reason="length", usage=Usage(12, 1, 0)),
    Chunk("", 0, finish_reason="stop", usage=Usage(12, 3, 8), debug={"timings": {"prefill_ms": 1.5}}),
]


def load(name: str) -> Any:
    return json.loads(Path(__file__).with_name(f"{name}.json").read_text("utf-8"))


def reply_of(kind: type[wire.Reply], *, include_usage: bool = False) -> wire.Reply:
    reply = kind("fake-model", include_usage=include_usage)
    reply.id, reply.created = "id-1", 1760000000
    return reply


def streamed(kind: type[wire.Reply]) -> list[dict[str, Any]]:
    reply, answer, events = reply_of(kind, include_usage=True), wire.Answer(2), []
    for chunk in CHUNKS:
        events += reply.pieces(chunk, is_first=answer.add(chunk))
    answer.verify()
    return [*events, *reply.closing(answer)]


def whole(kind: type[wire.Reply]) -> dict[str, Any]:
    answer = wire.Answer(2)
    for chunk in CHUNKS:
        answer.add(chunk)
    return reply_of(kind).whole(answer)


@pytest.mark.parametrize(("kind", "name"), [(wire.CompletionReply, "completion"), (wire.ChatReply, "chat")])
def test_replies_have_the_shapes_of_the_shared_files(kind, name):
    assert whole(kind) == load(f"{name}_reply")
    assert streamed(kind) == load(f"{name}_stream")


def test_replies_are_strict_json():
    for kind in (wire.CompletionReply, wire.ChatReply):
        json.dumps([whole(kind), streamed(kind)], allow_nan=False)


def test_each_reply_has_its_own_id():
    ids = {kind("m").id for kind in (wire.CompletionReply, wire.ChatReply) for _ in range(10)}
    assert len(ids) == 20
    assert {text.partition("-")[0] for text in ids} == {"cmpl", "chatcmpl"}


def test_usage_is_streamed_only_where_asked_for():
    reply, answer = reply_of(wire.CompletionReply), wire.Answer(1)
    assert "usage" not in next(reply.pieces(Chunk("x"), is_first=True))
    assert list(reply.closing(answer)) == []


def test_an_answer_must_end_in_every_choice():
    answer = wire.Answer(2)
    answer.add(Chunk("x", 0, finish_reason="stop"))
    with pytest.raises(EngineCrashedError):
        answer.verify()
    answer.add(Chunk("y", 1, finish_reason="length"))
    answer.verify()


def test_a_cancelled_choice_is_no_answer():
    with pytest.raises(SupersededError):
        wire.Answer(1).add(Chunk("x", finish_reason="cancelled"))


ERRORS = [
    InvalidRequestError("n must be from 1 to 8.", "n"),
    ModelNotFoundError("The model `gpt-9` is not served here. Ask for `fake-model`.", "model"),
    ContextTooLongError(5000, 4096),
    BusyError("The queue is full.", retry_after=3),
    EngineUnavailableError("The model is being loaded.", state="loading"),
    EngineCrashedError("The engine ended in the middle of the answer."),
    SupersededError("A newer request took this one's place."),
    ModelError("model.safetensors does not have the expected SHA-256.", reason="wrong-hash"),
    AssistError("The server failed unexpectedly."),
]


def test_errors_have_the_shapes_of_the_shared_file():
    shown = [
        {"status": error.status, "headers": wire.error_headers(error), "body": wire.error_body(error)}
        for error in ERRORS
    ]
    assert shown == load("errors")


def test_models_and_status_have_the_shapes_of_the_shared_files():
    status = Status("ready", "fake-model", "", "cpu", "int4", 512_000_000, 1, 2, 0, (120.0, 95.5))
    assert wire.models_body("fake-model") == load("models")
    assert json.loads(json.dumps(wire.status_body(status, "0.1.0"))) == load("status")
