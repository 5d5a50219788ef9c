"""The whole path on real weights: a key, the notebook as context, the model, the ghost, Tab."""

from __future__ import annotations

import pytest
from lab import LabServer
from notebook_page import NotebookPage
from playwright.sync_api import Page

pytestmark = pytest.mark.weights
LOADING = 90.0  # seconds, on a small machine


@pytest.fixture
def real(page: Page, real_server: LabServer) -> NotebookPage:
    return NotebookPage(page, real_server)


def opened(lab: NotebookPage, name: str, *sources: str, cell: int = 0) -> NotebookPage:
    lab.server.write_notebook(name, sources)
    lab.open(name)
    lab.edit(cell)
    return lab


def test_the_model_completes_what_is_typed_and_tab_accepts(real: NotebookPage) -> None:
    lab = opened(real, "real.ipynb", "")
    lab.type("def mean(values):\nreturn sum(values) /", delay=30)
    lab.await_ghost(" len(values)", LOADING)
    lab.press("Tab")
    assert lab.sources == ["def mean(values):\n    return sum(values) / len(values)"]


def test_what_another_cell_defines_is_known(real: NotebookPage) -> None:
    definition = "def celsius_of_fahrenheit(degrees):\n    return (degrees - 32) / 1.8"
    lab = opened(real, "cells.ipynb", definition, "", cell=1)
    lab.type("body_temperature = celsius_of_f", delay=30)
    ghost = lab.await_ghost(seconds=LOADING)
    assert ghost.startswith("ahrenheit(")


def test_an_emoji_before_the_cursor_is_no_obstacle(real: NotebookPage) -> None:
    lab = opened(real, "emoji.ipynb", "title = '😀😀👩‍👩‍👧'\n")
    lab.type("def add(a, b):\nreturn a", delay=30)
    lab.await_ghost(" + b", LOADING)
    lab.press("Tab")
    assert lab.sources == ["title = '😀😀👩‍👩‍👧'\ndef add(a, b):\n    return a + b"]


def test_a_blank_line_that_asks_by_itself_changes_nothing(real: NotebookPage) -> None:
    lab = opened(real, "blank.ipynb", "def add(a, b):")
    lab.press("Enter")
    lab.page.wait_for_timeout(3000)
    ghost = lab.ghost
    assert lab.sources == ["def add(a, b):\n    "]
    assert not any(asked["manual"] for asked in lab.server.records())
    if ghost:
        lab.press("Tab")
        assert lab.sources == ["def add(a, b):\n    " + ghost]
