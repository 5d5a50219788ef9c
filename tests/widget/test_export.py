"""The exported conversation: readable, inert whatever the model wrote, and never over another file."""

from __future__ import annotations

from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from payloads import PAYLOADS

from llama_assist.errors import AssistError
from llama_assist.widget import export
from llama_assist.widget.export import as_markdown, inert, save
from llama_assist.widget.state import Turn

LIVE = {"html_inline", "html_block", "link_open", "image"}


def live_tokens(text: str) -> set[str]:
    """Return what a Markdown viewer with HTML on would load, link or run."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    tokens = parser.parse(text)
    return LIVE & {each.type for token in tokens for each in (token, *(token.children or ()))}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_in_an_export_is_live(payload: str) -> None:
    turn = Turn(task="ask", subject=payload, text=f"Before `x`.\n\n{payload}\n\nAfter `y`.", note="n", is_done=True)
    assert not live_tokens(as_markdown([turn], payload))


def test_a_payload_that_is_live_without_the_export_shows_that_the_check_can_fail() -> None:
    assert live_tokens("<b>x</b> ![a](http://evil.example)") == {"html_inline", "image"}


def test_code_and_plain_words_stay_as_they_are() -> None:
    text = "Use `df['a'] < 3` and **bold**:\n\n```python\nx = [1]\n```\n\n- one\n- two"
    assert inert(text) == "Use `df['a'] < 3` and **bold**:\n\n\n```python\nx = [1]\n```\n\n\n- one\n- two"


def test_a_code_block_cannot_be_closed_by_its_content() -> None:
    text = inert("````html\n```\n<script>alert(1)</script>\n```\n````")
    assert "````html\n```\n<script>" in text
    assert not live_tokens(text)


def test_questions_answers_citations_and_notes_are_written_in_order() -> None:
    turn = Turn(task="ask", subject="Where?\nAnd why?", text="Cell 3.", note="tiny · 1.0 s", cells=(3, 5), is_done=True)
    text = as_markdown([turn], "Conversation")
    assert text.split("\n\n") == [
        "# Conversation",
        "## Where? And why?",
        "Cell 3.",
        "*Cites cell 3, cell 5*",
        "*tiny · 1.0 s*\n",
    ]


def test_no_file_is_ever_written_over(tmp_path: Path) -> None:
    first, second = save("one", tmp_path, "talk"), save("two", tmp_path, "talk")
    assert (first.name, first.read_text()) == ("talk.md", "one")
    assert (second.name, second.read_text()) == ("talk-2.md", "two")


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AssistError, match="cannot be written to"):
        save("one", tmp_path / "missing", "talk")
    monkeypatch.setattr(export, "MAX_FILES", 2)
    save("one", tmp_path, "talk")
    with pytest.raises(AssistError, match="delete or move some"):
        save("two", tmp_path, "talk")
