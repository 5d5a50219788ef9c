"""What a notebook and a terminal get to see of an answer that grows."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from payloads import PAYLOADS
from rich.console import Console

from llama_assist.kernel.answer import Answer
from llama_assist.kernel.views import NotebookView, PlainView, RichView


class Clock:
    """A clock that stands still unless it is told to go on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def updates(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the notebook was shown, instead of showing it."""
    seen: list[Any] = []

    class Handle:
        def update(self, bundle: Any, **options: Any) -> None:
            seen.append(bundle)

    def display(bundle: Any, **options: Any) -> Handle:
        assert options == {"raw": True, "display_id": True}
        seen.append(bundle)
        return Handle()

    monkeypatch.setattr("llama_assist.kernel.views.display", display)
    return seen


def test_a_notebook_is_updated_at_most_20_times_a_second_and_at_the_end(updates: list[Any]) -> None:
    clock = Clock()
    view = NotebookView(clock)
    answer = Answer()
    for _ in range(1000):
        clock.now += 0.01
        answer.text += "x"
        view.update(answer)
    assert 150 <= len(updates) <= 1 + 10 * 20
    view.finish(answer)
    assert updates[-1]["text/plain"].startswith("x" * 1000)


def test_slow_rendering_makes_updates_rarer(updates: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    view = NotebookView(clock)

    def slow(answer: Answer) -> None:
        clock.now += 0.1
        updates.append({})

    monkeypatch.setattr(view, "finish", slow)
    while clock.now < 10:
        clock.now += 0.01
        view.update(Answer(text="x"))
    assert len(updates) <= 1 + 10 / 0.5


def test_a_terminal_gets_plain_text_that_only_grows() -> None:
    pieces: list[str] = []
    view = PlainView(pieces.append)
    answer = Answer()
    for text in ("a\x1b", "]0;ti", "tle\x07b", "\x1b[31", "mc\u202e"):
        answer.text += text
        view.update(answer)
    answer.note = "cut"
    view.finish(answer)
    assert "".join(pieces) == "abc\n[cut]\n"


TEXT = """# Title

Some **bold** words, <b>HTML</b> and `code`.

- one
- two

```python
def f(x):
    return x
```

[a link](https://example.org/x) at the end.
"""


def rich(pieces: list[str], note: str = "") -> str:
    """Return what a terminal of 80 columns got."""
    clock = Clock()
    console = Console(file=io.StringIO(), force_terminal=True, width=80, color_system="truecolor", highlight=False)
    view, answer = RichView(console, clock), Answer()
    for piece in pieces:
        clock.now += 1
        answer.text += piece
        view.update(answer)
    answer.note = note
    view.finish(answer)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_terminal_ends_with_every_block_once_however_the_text_was_cut(size: int) -> None:
    printed = screen(rich([TEXT[start : start + size] for start in range(0, len(TEXT), size)]))
    for words in ("Title", "Some bold words, <b>HTML</b> and code.", "one", "def f(x):", "return x", "at the end"):
        assert printed.count(words) == 1, (words, printed)
    assert "https://example.org/x" in printed


def test_a_terminal_shows_code_with_colours_and_our_note_at_the_end() -> None:
    printed = rich([TEXT], note="cut")
    assert "\x1b[" in printed
    assert screen(printed).rstrip().endswith("[cut]")


def test_no_hostile_text_reaches_the_terminal_as_an_escape_sequence() -> None:
    plain = rich(["\n\n".join(PAYLOADS)])
    assert "\x1b]" not in plain
    assert "\u202e" not in plain
    assert "\x9d" not in plain


def screen(text: str) -> str:
    """Return what stays on a screen: the few sequences with which the last lines are drawn again are obeyed."""
    lines, row = [""], 0
    for part in re.split(r"(\r|\n|\x1b\[1A|\x1b\[2K)", text):
        if part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part == "\x1b[1A":
            row = max(0, row - 1)
        elif part == "\x1b[2K":
            lines[row] = ""
        elif part != "\r":
            lines[row] += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", part)
    return "\n".join(lines)
