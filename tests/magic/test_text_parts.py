"""Long texts are cut where they may be cut, and none of them is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.error import UsageError

from llama_assist.magic.texts import MAX_PARTS, PART, parts, read_notebook, read_text, summary_question


@pytest.mark.parametrize("unit", ["A sentence of words. ", "一个句子。", "no-space", "line\n", "para\n\n", "🙂"])
def test_parts_are_bounded_and_hold_everything(unit: str) -> None:
    text = unit * (3 * PART // len(unit.encode()))
    found = parts(text)
    assert len(found) >= 3
    assert all(len(part.encode()) <= PART for part in found)
    assert "".join("".join(found).split()) == "".join(text.split())


def test_parts_end_with_whole_sentences_where_they_can() -> None:
    assert all(part.endswith(".") for part in parts("A sentence of words. " * 2000))


def test_too_long_a_text_is_refused_and_an_empty_one_has_no_parts() -> None:
    assert parts(" \n ") == []
    with pytest.raises(UsageError, match="Summarize a part of it"):
        parts("x" * PART * (MAX_PARTS + 1))


def test_what_is_no_text_or_no_notebook_is_said(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "b").write_text("[]")
    with pytest.raises(UsageError, match="no text in UTF-8"):
        read_text(str(tmp_path / "a"))
    with pytest.raises(UsageError, match="is no notebook"):
        read_notebook(str(tmp_path / "b"))
    with pytest.raises(UsageError, match="cannot be read"):
        read_text(str(tmp_path / "c"))


@pytest.mark.parametrize(
    ("text", "begin"),
    [
        ("今天下雨。道路被淹没。", "请用几句话"),
        ("It rains. The word 雨 is Chinese. So it goes.", "Summarize"),
        ("Сегодня дождь, the rain.", "Кратко"),
        ("", "Summarize"),
    ],
)
def test_a_summary_is_asked_for_in_the_language_of_most_of_the_text(text: str, begin: str) -> None:
    question = summary_question(text)
    assert question.startswith(begin)
    assert question.endswith(f"\n\n{text}")
