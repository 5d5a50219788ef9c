"""Requests in, OpenAI's objects out, over HTTP at the base URL `/a%40b/`."""

from __future__ import annotations

import asyncio
import json

import pytest
from fake_assistant import MODEL, FakeAssistant, script_of

import llama_assist
from llama_assist.errors import (
    AssistError,
    BusyError,
    ContextTooLongError,
    EngineCrashedError,
    EngineUnavailableError,
    ModelError,
    SupersededError,
)
from llama_assist.server.answers import AnswerHandler
from llama_assist.server.base import DRAINED_BODY, MAX_BODY
from llama_assist.types import Chunk, CompletionRequest

COMPLETIONS = "v1/completions"
CHAT = "v1/chat/completions"
HI = {"messages": [{"role": "user", "content": "Hi"}]}
BODIES = [(COMPLETIONS, {"prompt": "Hi"}), (CHAT, HI)]


def events(body: bytes) -> list[str]:
    """Return the data of each event of a streamed body."""
    text = body.decode()
    assert text.endswith("\n\n")
    return [part.removeprefix("data: ") for part in text.removesuffix("\n\n").split("\n\n")]


async def test_a_completion_is_one_text_completion_object(post, assistant):
    response = await post(COMPLETIONS, {"prompt": "x = ", "suffix": "\n", "model": MODEL})
    body = json.loads(response.body)
    assert response.code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert body.pop("id").startswith("cmpl-")
    assert body.pop("created") > 0
    assert body == {
        "object": "text_completion",
        "model": MODEL,
        "choices": [{"index": 0, "text": "Hello 世界", "logprobs": None, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": 7,
            "completion_tokens": 2,
            "total_tokens": 9,
            "prompt_tokens_details": {"cached_tokens": 4},
        },
        "llama_assist": {"timings": {"prefill_ms": 1.5}},
    }
    assert assistant.requests == [CompletionRequest("x = ", "\n", manual=True)]


async def test_a_chat_answer_is_one_chat_completion_object(post):
    response = await post(CHAT, {**HI, "n": 2})
    body = json.loads(response.body)
    assert body["object"] == "chat.completion"
    assert [choice["message"]["content"] for choice in body["choices"]] == ["Hello 世界", "Hello 世界"]
    assert [choice["index"] for choice in body["choices"]] == [0, 1]
    assert body["usage"]["completion_tokens"] == 4
    assert body["usage"]["prompt_tokens"] == 7


async def test_a_streamed_completion_is_events_that_end_with_usage_and_done(post):
    body = {"prompt": "x", "stream": True, "stream_options": {"include_usage": True}}
    response = await post(COMPLETIONS, body)
    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["X-Accel-Buffering"] == "no"
    *pieces, usage, done = events(response.body)
    assert done == "[DONE]"
    assert json.loads(usage)["choices"] == []
    assert json.loads(usage)["usage"]["total_tokens"] == 9
    choices = [json.loads(piece)["choices"][0] for piece in pieces]
    assert "".join(choice["text"] for choice in choices) == "Hello 世界"
    assert [choice["finish_reason"] for choice in choices] == [None, None, "stop"]
    assert json.loads(pieces[-1])["llama_assist"] == {"timings": {"prefill_ms": 1.5}}
    assert all(json.loads(piece)["usage"] is None for piece in pieces)


async def test_each_choice_of_a_streamed_chat_begins_with_its_role_and_has_no_usage_unasked(post):
    response = await post(CHAT, {**HI, "n": 2, "stream": True})
    *pieces, done = map(str, events(response.body))
    deltas: dict[int, list[dict[str, str]]] = {0: [], 1: []}
    for piece in map(json.loads, pieces):
        assert piece["object"] == "chat.completion.chunk"
        assert "usage" not in piece
        deltas[piece["choices"][0]["index"]].append(piece["choices"][0]["delta"])
    assert done == "[DONE]"
    assert deltas[0] == deltas[1]
    assert deltas[0] == [{"role": "assistant", "content": ""}, {"content": "Hello "}, {"content": "世界"}, {}]


ERRORS = [
    (BusyError("Full.", retry_after=3), 429, {"code": "rate_limit_exceeded", "type": "rate_limit_error"}),
    (ContextTooLongError(5000, 4096), 400, {"code": "context_length_exceeded", "num_tokens": 5000, "limit": 4096}),
    (EngineUnavailableError("Loading.", state="loading"), 503, {"code": "engine_unavailable", "state": "loading"}),
    (ModelError("Bad file.", reason="wrong-hash"), 503, {"code": "model_error", "reason": "wrong-hash"}),
    (SupersededError("Newer."), 409, {"code": "superseded", "type": "invalid_request_error"}),
    (EngineCrashedError("Ended."), 502, {"code": "engine_crashed", "type": "server_error"}),
]


@pytest.mark.parametrize(("error", "status", "members"), ERRORS, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("path", "body"), BODIES)
async def test_an_error_before_the_first_chunk_is_a_real_status(
    post, assistant, path, body, stream, error, status, members
):
    assistant.script = script_of(error)
    response = await post(path, {**body, "stream": stream})
    assert response.code == status
    assert response.headers["Content-Type"] == "application/json"
    shown = json.loads(response.body)["error"]
    assert shown["message"] == str(error)
    assert members.items() <= shown.items()
    assert {"message", "type", "param", "code"} <= shown.keys()


async def test_a_full_queue_says_when_to_come_back_and_a_superseded_request_not_to(post, assistant):
    assistant.script = script_of(BusyError("Full.", retry_after=3))
    response = await post(COMPLETIONS, {"prompt": "x"})
    assert (response.headers["Retry-After"], response.headers["x-should-retry"]) == ("3", "true")
    assistant.script = script_of(SupersededError("Newer."))
    response = await post(COMPLETIONS, {"prompt": "x"})
    assert "Retry-After" not in response.headers
    assert response.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("num_pieces", [1, 2, 9])
@pytest.mark.parametrize(("path", "body"), BODIES)
async def test_an_error_in_the_stream_is_one_error_object_and_no_end(post, assistant, path, body, num_pieces):
    assistant.script = script_of(*[Chunk("text")] * num_pieces, EngineCrashedError("The engine ended."))
    response = await post(path, {**body, "stream": True})
    *pieces, last = map(json.loads, events(response.body))
    assert response.code == 200
    assert last["error"]["code"] == "engine_crashed"
    assert last["error"]["message"] == "The engine ended."
    assert not any("error" in piece for piece in pieces)
    assert all(piece["choices"][0]["finish_reason"] is None for piece in pieces)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("chunks", [[], [Chunk("half")], [Chunk("one", 0, finish_reason="stop"), Chunk("half", 1)]])
async def test_an_answer_that_merely_ends_is_an_error(post, assistant, chunks, stream):
    assistant.script = script_of(*chunks)
    response = await post(COMPLETIONS, {"prompt": "x", "n": 2, "stream": stream})
    last = json.loads(events(response.body)[-1] if stream and chunks else response.body)
    assert last["error"]["code"] == "engine_crashed"
    assert b"[DONE]" not in response.body


@pytest.mark.parametrize("stream", [False, True])
async def test_a_cancelled_choice_is_an_error(post, assistant, stream):
    assistant.script = script_of(Chunk("half"), Chunk(finish_reason="cancelled"))
    response = await post(COMPLETIONS, {"prompt": "x", "stream": stream})
    last = json.loads(events(response.body)[-1] if stream else response.body)
    assert last["error"]["code"] == "superseded"
    assert response.code == (200 if stream else 409)


async def test_a_long_wait_is_kept_alive_by_comments(post, assistant, monkeypatch):
    monkeypatch.setattr(AnswerHandler, "beat_seconds", 0.01)
    assistant.script = script_of(0.1, Chunk("late", finish_reason="stop"))
    response = await post(COMPLETIONS, {"prompt": "x", "stream": True})
    comments = [part for part in events(response.body) if part == ": keep-alive"]
    assert len(comments) >= 2
    assert events(response.body)[-1] == "[DONE]"


async def test_a_long_wait_without_streaming_still_ends_in_a_real_status(post, assistant, monkeypatch):
    monkeypatch.setattr(AnswerHandler, "beat_seconds", 0.01)
    assistant.script = script_of(0.1, EngineUnavailableError("Failed.", state="failed"))
    response = await post(COMPLETIONS, {"prompt": "x"})
    assert response.code == 503


@pytest.mark.parametrize(("path", "body"), BODIES)
async def test_another_model_is_not_found(post, assistant, path, body):
    response = await post(path, {**body, "model": "gpt-9"})
    assert response.code == 404
    assert json.loads(response.body)["error"]["code"] == "model_not_found"
    assert assistant.requests == []


@pytest.mark.parametrize("model", [MODEL, "", None])
async def test_no_model_or_the_served_one_is_answered(post, model):
    assert (await post(COMPLETIONS, {"prompt": "x", "model": model})).code == 200


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '{"prompt": NaN}', "\ud800".encode("utf-8", "surrogatepass"), "[" * 100_000]
)
async def test_a_body_that_is_no_json_object_is_refused(post, assistant, body):
    response = await post(COMPLETIONS, body)
    assert response.code == 400
    assert json.loads(response.body)["error"]["type"] == "invalid_request_error"
    assert assistant.requests == []


async def test_the_refused_field_is_named(post):
    response = await post(COMPLETIONS, {"prompt": "x", "document": {"cells": [{"source": "x"}, {"source": 3}]}})
    error = json.loads(response.body)["error"]
    assert error["param"] == "document.cells[1].source"
    assert error["message"] == "document.cells[1].source must be a string, not a number."


@pytest.mark.parametrize("size", [MAX_BODY + 1, 8 * MAX_BODY])
@pytest.mark.parametrize("path", [COMPLETIONS, CHAT])
async def test_a_large_body_is_refused_and_not_kept(post, assistant, monkeypatch, path, size):
    kept = []
    read = AnswerHandler.json_body
    monkeypatch.setattr(AnswerHandler, "json_body", lambda self: (kept.append(len(self._body)), read(self)))
    response = await post(path, b" " * size)
    assert response.code == 413
    assert str(MAX_BODY) in json.loads(response.body)["error"]["message"]
    assert kept == [0]
    assert assistant.requests == []


async def test_a_body_of_the_largest_size_is_taken(post):
    body = json.dumps({"prompt": "x"}).encode()
    assert (await post(COMPLETIONS, body + b" " * (MAX_BODY - len(body)))).code == 200


async def test_a_large_body_of_unknown_size_is_refused(jp_fetch):
    async def produce(write):
        for _ in range(3):
            await write(b" " * MAX_BODY)

    response = await jp_fetch(
        "llama-assist", "v1", "completions", method="POST", body_producer=produce, raise_error=False
    )
    assert response.code == 413


async def test_a_body_that_is_declared_huge_is_refused_before_it_is_sent(jp_http_port, jp_auth_header, post):
    assert (await post(COMPLETIONS, {"prompt": "x"})).code == 200
    reader, writer = await asyncio.open_connection("127.0.0.1", jp_http_port)
    head = [
        "POST /a%40b/llama-assist/v1/completions HTTP/1.1",
        "Host: 127.0.0.1",
        f"Content-Length: {DRAINED_BODY + 1}",
    ]
    head += [f"{name}: {value}" for name, value in jp_auth_header.items()]
    writer.write("\r\n".join([*head, "", ""]).encode())
    reply = await reader.read()
    writer.close()
    assert reply.startswith(b"HTTP/1.1 413")
    assert json.loads(reply.partition(b"\r\n\r\n")[2])["error"]["type"] == "invalid_request_error"


async def test_an_unexpected_failure_says_nothing_of_its_text(post, assistant):
    assistant.script = script_of(KeyError("SECRET"))
    response = await post(COMPLETIONS, {"prompt": "x"})
    assert response.code == 500
    assert b"SECRET" not in response.body
    assistant.script = script_of(Chunk("text"), KeyError("SECRET"))
    response = await post(COMPLETIONS, {"prompt": "x", "stream": True})
    assert b"SECRET" not in response.body
    assert json.loads(events(response.body)[-1])["error"]["code"] == AssistError.code


async def test_the_models_are_listed_without_starting_the_engine(get, assistant: FakeAssistant):
    body = json.loads((await get("v1/models")).body)
    model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "llama_assist"}
    assert body == {"object": "list", "data": [model]}
    assert assistant.backend.num_starts == 0
    assert assistant.requests == []


async def test_the_status_is_shown_without_starting_the_engine(get, assistant: FakeAssistant):
    body = json.loads((await get("status")).body)
    assert body["version"] == llama_assist.__version__
    assert (body["state"], body["model"], body["weights"], body["device"]) == ("ready", MODEL, "int4", "cpu")
    assert body["latencies_ms"] == [12.5]
    assert {"queue", "running", "restarts", "memory_bytes", "detail"} <= body.keys()
    assert assistant.backend.num_starts == 0
