"""The stock `openai` client against a real server process: base URL and token are all it needs."""

from __future__ import annotations

from collections.abc import Iterator

import openai
import pytest
from fake_assistant import MODEL
from real_server import Server

MESSAGES = [{"role": "user", "content": "Hi"}]


@pytest.fixture(scope="module")
def client(real_server: Server) -> Iterator[openai.OpenAI]:
    """Return a client of a server that was started as a user starts one."""
    with openai.OpenAI(base_url=f"{real_server.url}llama-assist/v1", api_key=real_server.key, max_retries=0) as client:
        yield client


def test_a_completion(client):
    completion = client.completions.create(model=MODEL, prompt="x = ", suffix="\n", max_tokens=9, stop=["\n\n"], seed=1)
    assert completion.object == "text_completion"
    assert completion.choices[0].text == "Hello 世界"
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage.prompt_tokens_details.cached_tokens == 4


def test_a_streamed_completion(client):
    options = {"include_usage": True}
    stream = client.completions.create(model=MODEL, prompt="x", n=2, stream=True, stream_options=options)
    chunks = list(stream)
    texts = ["", ""]
    for chunk in chunks[:-1]:
        texts[chunk.choices[0].index] += chunk.choices[0].text
    assert texts == ["Hello 世界", "Hello 世界"]
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens == 4


def test_a_chat(client):
    answer = client.chat.completions.create(model=MODEL, messages=MESSAGES, max_completion_tokens=9, tools=None)
    assert answer.object == "chat.completion"
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].message.content == "Hello 世界"


def test_a_streamed_chat(client):
    chunks = list(client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello 世界"
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_the_first_chunk_arrives_while_the_second_is_still_computed(client):
    with client.completions.create(model=MODEL, prompt="slow", stream=True) as stream:
        assert next(iter(stream)).choices[0].text == "first"


def test_our_own_fields_pass_through(client):
    document = {"path": "a.ipynb", "cells": [{"id": "1", "type": "code", "source": "x"}], "cell": 0}
    completion = client.completions.create(model=MODEL, prompt="x", extra_body={"document": document, "top_k": 5})
    assert completion.llama_assist == {"timings": {"prefill_ms": 1.5}}


def test_the_models(client):
    assert [model.id for model in client.models.list()] == [MODEL]


REFUSALS = [
    ({"prompt": "busy"}, openai.RateLimitError, 429, "rate_limit_exceeded"),
    ({"prompt": "long"}, openai.BadRequestError, 400, "context_length_exceeded"),
    ({"prompt": "loading"}, openai.InternalServerError, 503, "engine_unavailable"),
    ({"prompt": [1, 2]}, openai.BadRequestError, 400, "invalid_request_error"),
    ({"prompt": "x", "model": "gpt-9"}, openai.NotFoundError, 404, "model_not_found"),
    ({"prompt": "x" * 2**21}, openai.APIStatusError, 413, "invalid_request_error"),
]


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"), REFUSALS, ids=lambda value: getattr(value, "__name__", None)
)
def test_refusals(client, body, kind, status, code):
    with pytest.raises(kind) as caught:
        client.completions.create(**{"model": MODEL, **body})
    assert (caught.value.status_code, caught.value.code) == (status, code)


def test_a_long_prompt_is_refused_with_both_numbers(client):
    with pytest.raises(openai.BadRequestError, match=r"5000.*4096"):
        client.completions.create(model=MODEL, prompt="long")


def test_a_full_queue_says_when_to_come_back(client):
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "busy"}], stream=True)
    assert caught.value.response.headers["Retry-After"] == "3"


def test_a_crash_in_the_stream_is_raised_and_not_a_short_answer(client):
    stream = client.completions.create(model=MODEL, prompt="crash", stream=True)
    assert next(stream).choices[0].text == "half an ans"
    with pytest.raises(openai.APIError, match="The engine ended") as caught:
        next(stream)
    assert caught.value.code == "engine_crashed"


def test_a_wrong_key_is_refused(client):
    stranger = openai.OpenAI(base_url=client.base_url, api_key="wrong", max_retries=0)
    with stranger, pytest.raises(openai.PermissionDeniedError, match="Bearer"):
        stranger.models.list()
