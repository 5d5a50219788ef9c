"""Tasks, rendering, events and the last prompt over HTTP."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from typing import Any

import pytest
from fake_assistant import MODEL, FakeAssistant, script_of

from llama_assist.errors import EngineCrashedError, InvalidRequestError
from llama_assist.feedback import Counts, read_counts
from llama_assist.prompt.last import LastPrompt
from llama_assist.server.rendered import rendered
from llama_assist.types import Cell, Chunk, Document, Prompt, Special, TaskRequest, Usage

TASKS = "v1/tasks"
BODY = {"task": "explain", "document": {"cells": [{"source": "x = 1"}]}}
RESULT = {"task": "explain", "cells": [0], "code": None, "refused": False}
HOSTILE = "<img src=x onerror=alert(1)> [a](javascript:alert(1)) **bold**"


def pieces(body: bytes) -> list[dict[str, Any]]:
    """Return the objects of a stream that ends as it should."""
    *parts, done = [part.removeprefix("data: ") for part in body.decode().removesuffix("\n\n").split("\n\n")]
    assert done == "[DONE]"
    return [json.loads(part) for part in parts if part.startswith("{")]


def text_of(streamed: list[dict[str, Any]]) -> str:
    return "".join(piece["choices"][0]["delta"].get("content", "") for piece in streamed)


async def test_a_task_is_answered_in_the_shape_of_a_chat(post, assistant: FakeAssistant) -> None:
    assistant.script = script_of(Chunk("It sets "), Chunk("x.", finish_reason="stop", usage=Usage(7, 2), debug=RESULT))
    response = await post(TASKS, BODY)
    body = json.loads(response.body)

    assert response.code == 200
    assert body["object"] == "chat.completion"
    assert body["choices"][0]["message"]["content"] == "It sets x."
    assert body["llama_assist"] == RESULT
    assert assistant.requests == [TaskRequest("explain", Document((Cell("x = 1"),)))]


async def test_the_last_piece_of_a_stream_says_what_the_answer_rests_on(post, assistant: FakeAssistant) -> None:
    assistant.script = script_of(Chunk("It "), Chunk("is.", finish_reason="stop", debug=RESULT))
    streamed = pieces((await post(TASKS, {**BODY, "stream": True})).body)

    assert text_of(streamed) == "It is."
    assert streamed[-1]["llama_assist"] == RESULT
    assert not any("html" in piece.get("llama_assist", {}) for piece in streamed)


async def test_with_render_pieces_carry_safe_html_of_the_whole_answer(post, assistant: FakeAssistant) -> None:
    assistant.script = script_of(Chunk(HOSTILE), Chunk(" end", finish_reason="stop", debug=RESULT))
    streamed = pieces((await post(TASKS, {**BODY, "stream": True, "render": True})).body)
    shown = [piece["llama_assist"]["html"] for piece in streamed if "html" in piece.get("llama_assist", {})]

    assert text_of(streamed) == HOSTILE + " end"
    assert len(shown) == 2
    assert "<strong>bold</strong> end" in shown[-1]
    assert not any("<img" in html or "href" in html for html in shown)
    assert streamed[-1]["llama_assist"].items() >= RESULT.items()


async def test_a_whole_answer_is_rendered_too(post, assistant: FakeAssistant) -> None:
    assistant.script = script_of(Chunk("**x**"), Chunk(finish_reason="stop", debug=RESULT))
    body = json.loads((await post(TASKS, {**BODY, "render": True})).body)

    assert "<strong>x</strong>" in body["llama_assist"]["html"]


def test_no_more_than_ten_pictures_a_second_are_drawn_and_the_last_one_always() -> None:
    async def many():
        for _ in range(100):
            yield Chunk("word ")
        yield Chunk(finish_reason="stop")

    async def run() -> list[Chunk]:
        ticks = iter(range(10_000))
        # Every look at the clock is 5 ms after the one before: each chunk takes one, each picture two.
        return [chunk async for chunk in rendered(many(), lambda: next(ticks) * 0.005)]

    chunks = asyncio.run(run())
    drawn = [number for number, chunk in enumerate(chunks) if chunk.debug is not None and "html" in chunk.debug]
    assert drawn[0] == 0
    assert drawn[-1] == 100
    assert min(later - earlier for earlier, later in pairwise(drawn[:-1])) >= 18


async def test_an_error_in_a_task_is_one_error_object(post, assistant: FakeAssistant) -> None:
    assistant.script = script_of(Chunk("half"), EngineCrashedError("The engine ended."))
    response = await post(TASKS, {**BODY, "stream": True, "render": True})
    last = json.loads(response.body.decode().removesuffix("\n\n").rpartition("\n\n")[2].removeprefix("data: "))

    assert last["error"]["code"] == "engine_crashed"
    assert b"[DONE]" not in response.body


async def test_a_task_that_cannot_be_done_is_a_real_status(post, assistant: FakeAssistant) -> None:
    assistant.script = script_of(InvalidRequestError("Cell 1 is empty; choose a cell with text.", "document.cell"))
    response = await post(TASKS, {**BODY, "stream": True})

    assert response.code == 400
    assert json.loads(response.body)["error"]["param"] == "document.cell"


async def test_another_model_is_not_found(post, assistant: FakeAssistant) -> None:
    assert (await post(TASKS, {**BODY, "model": "gpt-9"})).code == 404
    assert (await post(TASKS, {**BODY, "model": MODEL})).code == 200
    assert len(assistant.requests) == 1


async def test_a_preview_shows_what_would_be_sent_and_generates_nothing(post, assistant: FakeAssistant) -> None:
    body = json.loads((await post(TASKS, {**BODY, "preview": True, "stream": True})).body)

    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert "x = 1" in body["messages"][1]["content"]
    assert body["tokens"] > 10
    assert body["sent"] == [{"cell": 0, "kind": "focus", "tokens": 5}]
    assert assistant.requests == []


async def test_text_is_rendered_safely(post) -> None:
    response = await post("v1/render", {"text": HOSTILE})
    html = json.loads(response.body)["html"]

    assert response.code == 200
    assert "<strong>bold</strong>" in html
    assert "<img" not in html
    assert (await post("v1/render", {})).code == 400


async def test_events_are_counted_and_shown_in_the_status(post, get) -> None:
    body = {"events": [{"kind": "shown", "characters": 9}, {"kind": "accepted", "characters": 9}]}
    response = await post("v1/events", body)

    assert (response.code, response.body) == (204, b"")
    assert read_counts() == Counts(shown=1, accepted=1, characters_saved=9)
    status = json.loads((await get("status")).body)
    assert status["usage"] == {
        "shown": 1,
        "accepted": 1,
        "accepted_part": 0,
        "dismissed": 0,
        "characters_saved": 9,
    }
    assert status["remote"] is None


async def test_events_of_another_kind_are_refused_and_not_counted(post) -> None:
    assert (await post("v1/events", {"events": [{"kind": "shown"}, {"kind": "eaten"}]})).code == 400
    assert read_counts() == Counts()


async def test_there_is_no_last_prompt_at_first(get) -> None:
    assert json.loads((await get("prompt")).body) == {"text": None}


async def test_the_last_prompt_is_shown_as_it_was_sent(get, assistant: FakeAssistant) -> None:
    blocks = [{"kind": "cell", "cell": 0, "tokens": 3}]
    prompt = Prompt((Special("<|fim_prefix|>"), "x = 1\n"), "y = ")
    assistant.prompts.keep("", LastPrompt(prompt, "complete", 12.5, blocks))

    assert json.loads((await get("prompt")).body) == {
        "text": "<|fim_prefix|>x = 1\ny = ",
        "tokens": 6,
        "task": "complete",
        "when": 12.5,
        "blocks": blocks,
    }


@pytest.mark.parametrize("path", [TASKS, "v1/completions", "v1/chat/completions"])
async def test_on_a_server_of_one_person_all_requests_are_that_persons(post, assistant: FakeAssistant, path) -> None:
    await post(path, {**BODY, "prompt": "x", "messages": [{"role": "user", "content": "x"}]})

    assert assistant.requests[0].user == ""
