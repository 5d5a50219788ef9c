"""What a prediction says of a completion that nobody asked for."""

from __future__ import annotations

import asyncio

import pytest
from scripted_backend import ScriptedBackend

from llama_assist.cli.holes import Hole, Prediction
from llama_assist.cli.session import Session
from llama_assist.config import Assist
from llama_assist.types import Cell, Document


def predicted(prefix: str, *pieces: str) -> Prediction:
    hole = Hole("1", Document((Cell(prefix),)), prefix, "")
    return asyncio.run(Session(ScriptedBackend(*pieces), Assist()).predict(hole, 16))


@pytest.mark.parametrize(("prefix", "text", "shown"), [("x = np.", "mean(y)", True), ("foo(a", ")", False)])
def test_what_is_too_short_to_be_shown_unasked_does_not_count_as_shown(prefix: str, text: str, shown: bool) -> None:
    prediction = predicted(prefix, text)
    assert prediction.text == text
    assert prediction.shown is shown
