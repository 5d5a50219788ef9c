"""Prose begins as Markdown wants it."""

from __future__ import annotations

import pytest
from drawn import site

from llama_assist.postprocess.finish import finish
from llama_assist.postprocess.plan import plan


@pytest.mark.parametrize(
    ("drawn", "text", "left"),
    [
        ("# Steps│", "\nWe load the data", "\n\nWe load the data"),
        ("# Steps│", "\n\n\nWe load the data", "\n\nWe load the data"),
        ("# Steps│", " to take", " to take"),
        ("# Steps\n│", "\n\nWe load the data", "\nWe load the data"),
        ("# Steps\n│", "We load the data", "We load the data"),
        ("# Steps\n\n│", "\nWe load the data", "We load the data"),
        ("We load│", " the data", " the data"),
    ],
)
def test_text_is_set_off_from_a_heading_by_one_blank_line(drawn: str, text: str, left: str) -> None:
    place = site(drawn, "markdown")
    assert finish(place, plan(place), text).text == left


@pytest.mark.parametrize("drawn", ["# Steps\n│", "# Steps│", "│"])
def test_the_engine_does_not_stop_at_newlines_that_lead_to_the_text(drawn: str) -> None:
    assert plan(site(drawn, "markdown")).stop == ()


@pytest.mark.parametrize("drawn", ["We load │", "- We load│ data\n", "# Steps│ to take"])
def test_within_a_line_the_engine_stops_at_its_end(drawn: str) -> None:
    assert plan(site(drawn, "markdown")).stop == ("\n",)
