"""One model completes, another chats: both are listed, requests may name either, the status says where text goes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fake_assistant import MODEL, FakeAssistant, FakeBackend

from llama_assist.types import RemoteEngine, Status

ORIGIN = "https://gpu.example:8000"
CHAT = {"messages": [{"role": "user", "content": "Hi"}]}
TASK = {"task": "explain", "document": {"cells": [{"source": "x"}]}}


class RemoteFake(FakeBackend):
    """A backend that says that it is elsewhere."""

    def status(self) -> Status:
        return Status("ready", "chatty", f"Text is sent to {ORIGIN}.", remote=RemoteEngine(ORIGIN, "chatty", 2))


@pytest.fixture
def two(assistant: FakeAssistant) -> FakeAssistant:
    assistant.backends = (assistant.backend, RemoteFake())
    assistant.config.chat_model = "chatty"
    return assistant


async def test_the_status_names_the_engine_that_text_is_sent_to(get: Any, two: FakeAssistant) -> None:
    status = json.loads((await get("status")).body)
    assert (status["model"], status["chat"]["model"]) == (MODEL, "chatty")
    assert status["detail"] == f"Text is sent to {ORIGIN}."
    assert status["remote"] == status["chat"]["remote"] == {"origin": ORIGIN, "model": "chatty", "redacted": 2}


async def test_with_one_engine_on_this_machine_nothing_is_sent(get: Any, assistant: FakeAssistant) -> None:
    status = json.loads((await get("status")).body)
    assert status["remote"] is None
    assert status["chat"] is None


async def test_both_models_are_listed_once(get: Any, two: FakeAssistant) -> None:
    listed = json.loads((await get("v1/models")).body)["data"]
    assert [model["id"] for model in listed] == [MODEL, "chatty"]


@pytest.mark.parametrize(
    ("path", "body", "asked", "served"),
    [
        ("v1/completions", {"prompt": "x"}, "", MODEL),
        ("v1/completions", {"prompt": "x"}, "chatty", "chatty"),
        ("v1/chat/completions", CHAT, "", "chatty"),
        ("v1/chat/completions", CHAT, MODEL, MODEL),
        ("v1/tasks", TASK, "", "chatty"),
        ("v1/tasks", TASK, MODEL, MODEL),
    ],
)
async def test_a_request_is_answered_by_the_model_it_names_or_by_that_of_its_kind(
    post: Any, two: FakeAssistant, path: str, body: dict[str, object], asked: str, served: str
) -> None:
    response = await post(path, {**body, "model": asked})
    assert json.loads(response.body)["model"] == served
    assert two.requests[-1].model == asked


async def test_a_third_model_is_not_served(post: Any, two: FakeAssistant) -> None:
    response = await post("v1/completions", {"prompt": "x", "model": "third"})
    assert response.code == 404
    assert "chatty" in json.loads(response.body)["error"]["message"]
