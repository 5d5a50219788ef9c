"""OpenAI's bodies, with our `document`, become requests or are refused by the name of a field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_assist import wire
from llama_assist.errors import InvalidRequestError
from llama_assist.types import Cell, ChatRequest, CompletionRequest, Document, Message, SamplingParams, Variable


def load(name: str) -> Any:
    return json.loads(Path(__file__).with_name(f"{name}.json").read_text("utf-8"))


def completion(**fields: object) -> CompletionRequest:
    return wire.completion_request({"prompt": "x", **fields})[0]


def chat(**fields: object) -> ChatRequest:
    return wire.chat_request({"messages": [{"role": "user", "content": "x"}], **fields})[0]


def document(**fields: object) -> Document | None:
    return completion(document={"cells": [{"source": "x"}], **fields}).document


def refusal(parse: Any, **fields: object) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        parse(**fields)
    return caught.value


def test_a_full_completion_request_is_read():
    request, delivery = wire.completion_request(load("completion_request"))
    columns = (("region", "object"), ("total", "float64"))
    assert delivery == wire.Delivery(model="fake-model", stream=True, include_usage=True)
    assert request == CompletionRequest(
        prefix="total = df.",
        suffix="\nprint(total)",
        document=Document(
            path="notes/sales.ipynb",
            cells=(
                Cell("import pandas as pd\ndf = pd.read_csv('sales.csv')  # 😀", "code", "a1", ("ok",), 3),
                Cell("# Totals", "markdown", "b2"),
                Cell("total = df.\nprint(total)", "code", "c3"),
            ),
            cell=2,
            variables=(
                Variable("df", "DataFrame", (100, 2), "", columns),
                Variable("load", "function", signature="(path: str) -> DataFrame"),
            ),
        ),
        sampling=SamplingParams(
            max_tokens=64,
            temperature=0.2,
            top_k=40,
            top_p=0.9,
            min_p=0.05,
            repetition_penalty=1.1,
            seed=7,
            stop=("\n\n", "\nclass "),
            logit_bias={50256: -100.0},
            logprobs=1,
        ),
        n=2,
        manual=True,
    )


def test_a_full_chat_request_is_read():
    request, delivery = wire.chat_request(load("chat_request"))
    assert delivery == wire.Delivery(model="fake-model", stream=True)
    assert request == ChatRequest(
        messages=(
            Message("system", "Answer briefly."),
            Message("user", "What does cell 1 do?"),
            Message("assistant", "It loads a file."),
            Message("user", "Why?"),
        ),
        document=Document((Cell("x = 1"),), path="a.ipynb"),
        sampling=SamplingParams(max_tokens=300, stop=("END",), logprobs=2),
    )


def test_what_is_absent_or_null_has_its_default():
    assert completion() == CompletionRequest("x", raw=True, manual=True)
    nulls = dict.fromkeys(["suffix", "document", "raw", "n", "temperature", "seed", "stop", "logit_bias", "logprobs"])
    assert completion(**nulls) == CompletionRequest("x", raw=True, manual=True)
    assert chat() == ChatRequest((Message("user", "x"),), sampling=SamplingParams(max_tokens=1024))


def test_zero_and_empty_are_values():
    request = completion(suffix="", temperature=0, top_k=0, seed=0, logprobs=0, stop=[])
    assert (request.suffix, request.raw) == ("", False)
    assert (request.sampling.seed, request.sampling.logprobs, request.sampling.stop) == (0, 0, ())


@pytest.mark.parametrize(
    ("fields", "raw"),
    [
        ({}, True),
        ({"suffix": ""}, False),
        ({"suffix": "y"}, False),
        ({"document": {"cells": [{"source": ""}]}}, False),
        ({"raw": False}, False),
        ({"raw": True, "suffix": ""}, True),
    ],
)
def test_a_plain_prompt_is_continued_and_one_with_a_cursor_is_filled(fields, raw):
    assert completion(**fields).raw is raw


def test_the_prompt_may_stand_alone_in_an_array():
    assert wire.completion_request({"prompt": ["x"]})[0].prefix == "x"


def test_the_newer_name_of_max_tokens_wins():
    assert chat(max_tokens=5).sampling.max_tokens == 5
    assert chat(max_tokens=5, max_completion_tokens=6).sampling.max_tokens == 6


def test_a_developer_speaks_as_the_system():
    assert chat(messages=[{"role": "developer", "content": "x"}]).messages == (Message("system", "x"),)


def test_a_lone_surrogate_becomes_a_replacement_of_the_same_length():
    request = wire.completion_request({"prompt": "a\ud83d", "suffix": "\udc00b", "stop": ["\ud800"]})[0]
    assert (request.prefix, request.suffix, request.sampling.stop) == ("a\ufffd", "\ufffdb", ("\ufffd",))


@pytest.mark.parametrize(
    ("fields", "param", "words"),
    [
        ({"prompt": None}, "prompt", "is missing"),
        ({"prompt": 3}, "prompt", "a string, not a number"),
        ({"prompt": [1, 2]}, "prompt", "token ids are not taken"),
        ({"prompt": [[1]]}, "prompt", "token ids are not taken"),
        ({"prompt": []}, "prompt", "array of 0"),
        ({"prompt": ["a", "b"]}, "prompt", "array of 2"),
        ({"suffix": 1}, "suffix", "a string, not a number"),
        ({"raw": True, "suffix": "y"}, "suffix", "absent where raw"),
        ({"max_tokens": 0}, "max_tokens", "from 1"),
        ({"max_tokens": 1.5}, "max_tokens", "not a fraction"),
        ({"max_tokens": True}, "max_tokens", "not a boolean"),
        ({"max_tokens": "9"}, "max_tokens", "not a string"),
        ({"temperature": -0.1}, "temperature", "from 0 to 2"),
        ({"temperature": float("nan")}, "temperature", "from 0 to 2"),
        ({"temperature": 10**400}, "temperature", "from 0 to 2"),
        ({"temperature": False}, "temperature", "not a boolean"),
        ({"top_p": 1.1}, "top_p", "from 0 to 1"),
        ({"top_k": -1}, "top_k", "from 0"),
        ({"repetition_penalty": 0}, "repetition_penalty", "from 0.01"),
        ({"n": 0}, "n", "from 1 to 8"),
        ({"n": 9}, "n", "from 1 to 8"),
        ({"n": 2, "best_of": 3}, "best_of", "equal n"),
        ({"echo": True}, "echo", "not supported"),
        ({"logprobs": 21}, "logprobs", "from 0 to 20"),
        ({"logprobs": True}, "logprobs", "not a boolean"),
        ({"stop": ""}, "stop", "empty"),
        ({"stop": ["a", ""]}, "stop", "empty"),
        ({"stop": ["a"] * 17}, "stop", "at most 16"),
        ({"stop": ["a", 1]}, "stop[1]", "not a number"),
        ({"stop": 1}, "stop", "not a number"),
        ({"seed": 2**63}, "seed", "from"),
        ({"presence_penalty": 0.5}, "presence_penalty", "repetition_penalty"),
        ({"frequency_penalty": -1}, "frequency_penalty", "repetition_penalty"),
        ({"logit_bias": {"a": 1}}, "logit_bias", "token ids"),
        ({"logit_bias": {"1": 101}}, "logit_bias.1", "from -100 to 100"),
        ({"logit_bias": []}, "logit_bias", "an object"),
        ({"stream": "yes"}, "stream", "a boolean"),
        ({"stream_options": 1}, "stream_options", "an object"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage", "a boolean"),
        ({"model": 1}, "model", "a string"),
        ({"document": []}, "document", "an object, not an array"),
    ],
)
def test_a_completion_field_that_cannot_be_served_is_refused_by_name(fields, param, words):
    error = refusal(completion, **fields)
    assert error.param == param
    assert words in str(error)
    assert error.status == 400


@pytest.mark.parametrize(
    ("fields", "param", "words"),
    [
        ({"cells": None}, "document.cells", "at least one"),
        ({"cells": []}, "document.cells", "at least one"),
        ({"cells": {}}, "document.cells", "an array"),
        ({"cells": [{"source": "x"}, "x"]}, "document.cells[1]", "an object"),
        ({"cells": [{}]}, "document.cells[0].source", "is missing"),
        ({"cells": [{"source": ["x"]}]}, "document.cells[0].source", "a string, not an array"),
        ({"cells": [{"source": "x", "type": "sql"}]}, "document.cells[0].type", "code, markdown, raw"),
        ({"cells": [{"source": "x", "outputs": [{}]}]}, "document.cells[0].outputs[0]", "a string"),
        ({"cells": [{"source": "x"}] * 5001}, "document.cells", "5001 items"),
        ({"cell": 1}, "document.cell", "from 0 to 0"),
        ({"cell": -1}, "document.cell", "from 0 to 0"),
        ({"path": 1}, "document.path", "a string"),
        ({"variables": [{"name": "x"}]}, "document.variables[0].type", "is missing"),
        ({"variables": [{"name": "x", "type": "t", "shape": [-1]}]}, "document.variables[0].shape", "sizes"),
        ({"variables": [{"name": "x", "type": "t", "columns": [["a"]]}]}, "document.variables[0].columns", "pairs"),
    ],
)
def test_a_document_field_that_cannot_be_served_is_refused_by_name(fields, param, words):
    error = refusal(document, **fields)
    assert error.param == param
    assert words in str(error)


@pytest.mark.parametrize(
    ("fields", "param", "words"),
    [
        ({"messages": None}, "messages", "at least one"),
        ({"messages": []}, "messages", "at least one"),
        ({"messages": "x"}, "messages", "an array"),
        ({"messages": [{"content": "x"}]}, "messages[0].role", "is missing"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role", "one of system"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "is missing"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "messages[0].content[0].type",
            "must be one of text",
        ),
        ({"top_logprobs": 3}, "top_logprobs", "logprobs to be true"),
        ({"logprobs": 1}, "logprobs", "a boolean"),
    ],
)
def test_a_chat_field_that_cannot_be_served_is_refused_by_name(fields, param, words):
    error = refusal(chat, **fields)
    assert error.param == param
    assert words in str(error)


@pytest.mark.parametrize("body", [None, [], "x", 1, True])
def test_a_body_that_is_no_object_is_refused(body):
    for parse in (wire.completion_request, wire.chat_request):
        with pytest.raises(InvalidRequestError, match="The body must be an object"):
            parse(body)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("text")
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


def objects(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects with members that the reader knows, and values of any kind."""
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, values))


cells = objects("id", "type", "source", "outputs", "execution_count") | values
variables = objects("name", "type", "shape", "dtype", "columns", "signature") | values
documents = st.fixed_dictionaries({"cells": st.lists(cells), "variables": st.lists(variables), "cell": st.just(0)})
members = [*load("completion_request"), *load("chat_request"), "echo", "best_of", "raw", "presence_penalty"]


def refused_at(parse: Any, body: object) -> str | None:
    """Return the field at which `parse` refuses `body`, or an empty string."""
    try:
        parse(body)
    except InvalidRequestError as error:
        return error.param
    return ""


@given(objects(*members))
def test_any_body_is_read_or_refused_by_name(body):
    assert refused_at(wire.completion_request, body) is not None
    assert refused_at(wire.chat_request, body) is not None


@given(documents, st.lists(objects("role", "content") | values))
def test_any_document_and_messages_are_read_or_refused_by_name(document, messages):
    body = {"prompt": "x", "messages": messages, "document": document}
    assert refused_at(wire.completion_request, body) is not None
    assert refused_at(wire.chat_request, body) is not None


def test_only_a_client_that_sends_a_document_has_suggestions_hidden_from_it() -> None:
    document = {"cells": [{"source": "x"}], "cell": 0}
    assert wire.completion_request({"prompt": "x = ", "suffix": "\n"})[0].manual
    assert not wire.completion_request({"prompt": "x = ", "suffix": "\n", "document": document})[0].manual
