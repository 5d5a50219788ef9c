"""Logs carry lengths and times: no prompt, no completion and no token, whatever goes wrong."""

from __future__ import annotations

import json
import logging

import pytest
from fake_assistant import FakeAssistant, script_of

from llama_assist.errors import BusyError, EngineCrashedError
from llama_assist.types import Chunk, Usage

PROMPT, SUFFIX, ANSWER, TOKEN = "canary-prompt", "canary-suffix", "canary-answer", "canary-token"
CELL, OUTPUT, PATH = "canary-cell", "canary-output", "canary-path"
BODY = {
    "prompt": PROMPT,
    "suffix": SUFFIX,
    "input_prefix": PROMPT,
    "input_suffix": SUFFIX,
    "input_extra": [{"text": CELL, "filename": PATH}],
    "messages": [{"role": "user", "content": PROMPT}],
    "document": {"path": PATH, "cells": [{"source": CELL, "outputs": [OUTPUT]}]},
    "task": "fix",
    "question": PROMPT,
    "error": {"name": "KeyError", "value": OUTPUT, "traceback": OUTPUT},
    "render": True,
}
DONE = Chunk(ANSWER, finish_reason="stop", usage=Usage(1, 1, 0))
SCRIPTS = [
    script_of(DONE),
    script_of(BusyError(f"{PROMPT} is waiting")),
    script_of(ValueError(f"{PROMPT} failed")),
    script_of(Chunk(ANSWER), ValueError(f"{PROMPT} failed")),
    script_of(Chunk(ANSWER), EngineCrashedError(f"{ANSWER} is cut")),
    script_of(Chunk(ANSWER)),
]


@pytest.fixture
def jp_server_config(jp_server_config):
    jp_server_config.IdentityProvider.token = TOKEN
    return jp_server_config


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)


async def test_no_log_holds_anybodys_text(post, assistant: FakeAssistant, caplog, jp_serverapp, http_server_client):
    caplog.clear()
    for script in SCRIPTS:
        assistant.script = script
        for path in ("v1/completions", "v1/chat/completions", "v1/tasks", "infill", "api/generate", "api/chat"):
            for stream in (False, True):
                await post(path, {**BODY, "stream": stream})
    for wrong in ({**BODY, "temperature": PROMPT}, {**BODY, "model": PROMPT}, f'{{"prompt": "{PROMPT}" x'):
        await post("v1/completions", wrong)
    await post("v1/tasks", {**BODY, "preview": True})
    await post("v1/render", {"text": ANSWER})
    await post("v1/events", {"events": [{"kind": PROMPT}]})
    await post("model", {"action": PROMPT})
    assert caplog.text
    assert "canary" not in caplog.text


async def test_no_log_holds_the_token_of_a_refused_request(caplog, jp_serverapp, http_server_client, monkeypatch):
    monkeypatch.setattr(type(jp_serverapp.authorizer), "is_authorized", lambda *_: False)
    caplog.clear()
    url = f"/a%40b/llama-assist/v1/completions?token={TOKEN}"
    response = await http_server_client.fetch(url, method="POST", body=json.dumps(BODY), raise_error=False)
    assert response.code == 403
    assert caplog.text
    assert "canary" not in caplog.text


async def test_an_unexpected_failure_is_logged_by_kind_and_place(post, assistant: FakeAssistant, caplog):
    assistant.script = script_of(ValueError(f"{PROMPT} failed"))
    await post("v1/completions", BODY)
    record = next(
        record for record in caplog.records if record.levelno == logging.ERROR and "failed with" in record.msg
    )
    assert "ValueError" in record.getMessage()
    assert "fake_assistant.py" in record.getMessage()


async def test_an_answer_is_logged_by_its_counts(post, caplog):
    await post("v1/completions", BODY)
    assert "7 prompt tokens (4 cached), 2 generated, stop" in caplog.text
