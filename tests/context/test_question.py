"""What a question asks for."""

from __future__ import annotations

import pytest

from llama_assist.context.question import read_question


@pytest.mark.parametrize(
    "question",
    [
        "What does this notebook do?",
        "Summarize this notebook.",
        "Give me a short overview.",
        "Worum geht es in diesem Notebook?",
        "Fasse das Notebook zusammen",
        "这个笔记本是做什么的？",
        "总结一下",
        "このノートブックの概要",
    ],
)
def test_a_question_about_everything_is_told_from_others(question: str) -> None:
    assert read_question(question).asks_for_whole


@pytest.mark.parametrize(
    "question",
    [
        "What does this notebook use to read files?",
        "Where is df filtered?",
        "Summarize the model",
        "",
        "Why?",
        "缺失值",
    ],
)
def test_a_question_about_something_is_not_about_everything(question: str) -> None:
    assert not read_question(question).asks_for_whole


@pytest.mark.parametrize(
    ("question", "cells"),
    [
        ("Why is the mean NaN in cell 7?", (6,)),
        ("compare cell 3 and Cell #12", (2, 11)),
        ("Was macht Zelle 4?", (3,)),
        ("单元格 5 做什么", (4,)),
        ("第3个单元格", (2,)),
        ("セル 2 は？", (1,)),
        ("Is there a cell 0?", ()),
        ("What is excel 7?", ()),
    ],
)
def test_a_cell_is_named_by_its_number(question: str, cells: tuple[int, ...]) -> None:
    assert read_question(question).cells == cells


def test_brackets_name_a_cell_by_its_execution_count() -> None:
    asked = read_question("What do In [7] and Out[9] show?")
    assert (asked.cells, asked.counts) == ((), (7, 9))


def test_what_looks_like_code_is_a_name() -> None:
    assert read_question("Where is `df` used with roll_time_series and MoneyModel?").names == {
        "df",
        "roll_time_series",
        "MoneyModel",
    }


def test_small_words_tell_nothing_unless_they_are_quoted() -> None:
    assert [unit.word for unit in read_question("Where is the outlier dropped?").units] == ["outlier", "dropped"]
    assert "in" in {unit.word for unit in read_question("What is `in`?").units}


def test_other_ways_to_say_a_word_are_looked_for() -> None:
    (unit,) = read_question("Wo wird gefiltert?").units
    assert {"filter", "query"} <= set(unit.loose)


def test_a_possessive_is_no_word() -> None:
    assert [unit.word for unit in read_question("What is the patient's age?").units] == ["patient", "age"]
