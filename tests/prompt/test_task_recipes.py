from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_assist.prompt.tasks import asks_for_help, fill, find_recipe, follow, nothing_found
from llama_assist.types import TaskName


@pytest.mark.parametrize("task", get_args(TaskName))
def test_every_task_has_a_recipe_whose_places_are_known(task: TaskName) -> None:
    recipe = find_recipe(task)
    known = ("context", "index", "cell", "error", "question", "follow", "language")
    filled = fill(recipe.user, dict.fromkeys(known, "SET"))

    assert recipe.context_tokens >= 0
    assert recipe.answer_tokens > 0
    assert "{" not in filled


def test_a_paragraph_with_nothing_to_say_is_left_out() -> None:
    assert fill("A\n\nWish: {wish}\n\n{end}", {"wish": "", "end": "B"}) == "A\n\nB"


@given(st.text())
def test_braces_in_a_value_are_left_alone(value: str) -> None:
    assert fill("[{question}]!", {"question": value, "cell": "WRONG"}) == (f"[{value}]!" if value else "")


@pytest.mark.parametrize(
    ("question", "rule"),
    [
        ("Where is it?", ""),
        ("", ""),
        ("这个单元格做什么？", "请用中文回答。"),
        ("このセルは何をしますか", "日本語で答えてください。"),
        ("이 셀은 무엇을 합니까?", "한국어로 답해 주세요."),
        ("Что делает эта ячейка?", "Ответь по-русски."),
        ("Warum ist das so?", "Antworte auf Deutsch."),
        ("Pourquoi cette cellule ?", "Réponds en français."),
        ("¿Dónde está?", "Responde en español."),
        ("df_价格 in the mean", "请用中文回答。"),
    ],
)
def test_the_answer_follows_the_language_of_the_question(question: str, rule: str) -> None:
    assert follow(question) == rule


def test_that_nothing_was_found_is_said_in_the_language_of_the_question() -> None:
    assert nothing_found("Where is it?") == "I found nothing about this in the notebook."
    assert nothing_found("模型在哪里？") == "这个笔记本里没有提到这一点。"


@pytest.mark.parametrize(
    ("question", "helps"),
    [
        ("How do I plot this?", True),
        ("Show me an example", True),
        ("如何画图？", True),
        ("Which model is trained?", False),
        ("Where is the tax?", False),
    ],
)
def test_a_question_for_help_is_told_from_one_about_the_notebook(question: str, helps: bool) -> None:
    assert asks_for_help(question) is helps
