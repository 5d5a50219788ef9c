from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from tasks_golden import EXPECTED, LIMIT, cases, count, draw, plan, read

from llama_assist.types import TaskName


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.stem)
def test_the_prompt_is_that_of_the_golden_file(case: Path) -> None:
    assert draw(plan(case)) == case.read_text(encoding="utf-8").split(EXPECTED)[1]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.stem)
def test_prompt_and_answer_fit_into_the_context(case: Path) -> None:
    made = plan(case)
    prompt = sum(count(message.content) for message in made.messages)
    answer = sum(count(step.text) + step.tokens for step in made.steps)

    assert prompt + answer <= LIMIT


def test_every_task_has_a_golden_file() -> None:
    assert {read(case).task for case in cases()} == set(get_args(TaskName))
