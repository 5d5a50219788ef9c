"""Bodies of our own routes become requests, or are refused by the name of a field."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_assist import wire
from llama_assist.errors import InvalidRequestError
from llama_assist.types import Cell, Document, Failure, Message, SamplingParams, TaskName, TaskRequest, Variable

DOCUMENT = {"cells": [{"source": "x"}]}


def test_a_full_task_request_is_read() -> None:
    body = json.loads(Path(__file__).with_name("task_request.json").read_text("utf-8"))

    assert wire.task_request(body) == (
        TaskRequest(
            task="fix",
            document=Document(
                (Cell("sales = {'a': 1}", "code", "a1", ("ok",), 1), Cell("sales['b']  # 😀", "code", "b2")),
                1,
                "notes/sales.ipynb",
                variables=(Variable("sales", "dict"),),
            ),
            question="Keep it short.",
            failure=Failure("KeyError", "'b'", "Cell In[2], line 1\n----> 1 sales['b']"),
            avoid=("sales['c']",),
            max_tokens=120,
            sampling=SamplingParams(temperature=0.2, seed=7),
        ),
        wire.Delivery(model="fake-model", stream=True, render=True),
    )


@pytest.mark.parametrize("task", get_args(TaskName))
def test_every_task_is_taken_by_its_name(task: TaskName) -> None:
    request, delivery = wire.task_request({"task": task, "document": DOCUMENT, "question": "Why?"})

    assert request == TaskRequest(task, Document((Cell("x"),)), "Why?")
    assert delivery == wire.Delivery()


def test_earlier_turns_belong_to_a_question() -> None:
    turns = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]
    body = {"document": DOCUMENT, "question": "And?", "messages": turns}

    assert wire.task_request({**body, "task": "ask"})[0].messages == (
        Message("user", "Why?"),
        Message("assistant", "So."),
    )
    assert wire.task_request({**body, "task": "explain"})[0].messages == ()


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"task": None}, "task"),
        ({"task": "dance"}, "task"),
        ({"document": None}, "document"),
        ({"document": {"cells": []}}, "document.cells"),
        ({"document": {**DOCUMENT, "cell": 1}}, "document.cell"),
        ({"question": None}, "question"),
        ({"question": "  "}, "question"),
        ({"error": "KeyError"}, "error"),
        ({"error": {"value": "x"}}, "error.name"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages"),
        ({"avoid": "x"}, "avoid"),
        ({"avoid": ["x"] * 21}, "avoid"),
        ({"max_completion_tokens": 0}, "max_completion_tokens"),
        ({"temperature": 3}, "temperature"),
        ({"render": "yes"}, "render"),
        ({"preview": 1}, "preview"),
    ],
)
def test_what_cannot_be_served_is_refused_by_the_name_of_its_field(change: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        wire.task_request({"task": "ask", "document": DOCUMENT, "question": "Why?", **change})
    assert caught.value.param == param


def test_events_are_kinds_with_characters() -> None:
    body = {"events": [{"kind": "shown"}, {"kind": "accepted", "characters": 12}]}

    assert wire.events_request(body) == (wire.Event("shown"), wire.Event("accepted", 12))
    assert wire.events_request({}) == ()


@pytest.mark.parametrize("event", [{}, {"kind": "eaten"}, {"kind": "shown", "characters": -1}, "shown"])
def test_other_events_are_refused(event: object) -> None:
    with pytest.raises(InvalidRequestError):
        wire.events_request({"events": [event]})


def test_what_to_do_with_a_model_is_read() -> None:
    assert wire.model_action({"action": "load"}) == wire.ModelAction("load")
    assert wire.model_action({"action": "download", "id": "tiny"}) == wire.ModelAction("download", "tiny")


@pytest.mark.parametrize("body", [{}, {"action": "remove"}, {"action": "download"}, {"action": "load", "id": 3}])
def test_other_actions_are_refused(body: object) -> None:
    with pytest.raises(InvalidRequestError):
        wire.model_action(body)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3))


@given(st.dictionaries(st.sampled_from(["task", "document", "question", "error", "events", "action", "id"]), JSON))
def test_no_body_raises_anything_but_a_refusal(body: dict[str, object]) -> None:
    for read in (wire.task_request, wire.events_request, wire.model_action, wire.render_request):
        with suppress(InvalidRequestError):
            read(body)
