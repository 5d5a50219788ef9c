from __future__ import annotations

import re
from typing import Any, get_args

import pytest

from llama_assist.context.retrieve import Retriever
from llama_assist.errors import InvalidRequestError
from llama_assist.tasks import TaskPlan, make_plan
from llama_assist.types import Cell, Document, Failure, Message, TaskName, TaskRequest

CELLS = (
    Cell("# Prices", "markdown"),
    Cell("import math\n\nprices = [1, 2, 3]"),
    Cell("def half(value):\n    return value / 2"),
    Cell("halves = [half(price) for price in prices]\nprint(halves)", outputs=("[0.5, 1.0, 1.5]",)),
)


def count(text: str) -> int:
    return len(re.findall(r"\w+|[^\w\s]|\n+", text))


def plan(task: TaskName, cells: tuple[Cell, ...] = CELLS, at: int = 3, limit: int = 4096, **more: Any) -> TaskPlan:
    more.setdefault("question", "What are the prices?" if task == "ask" else "")
    return make_plan(TaskRequest(task, Document(cells, at), **more), limit, count, Retriever())


def size(made: TaskPlan) -> int:
    prompt = sum(count(message.content) for message in made.messages)
    return prompt + sum(count(step.text) + step.tokens for step in made.steps)


@pytest.mark.parametrize("task", get_args(TaskName))
@pytest.mark.parametrize("limit", [1024, 2048, 4096])
@pytest.mark.parametrize("num_cells", [4, 300])
def test_prompt_and_answer_never_have_more_than_the_context_holds(task: TaskName, limit: int, num_cells: int) -> None:
    cells = CELLS + tuple(Cell(f"value_{number} = half({number}) * prices[0]  # step") for number in range(num_cells))
    failure = Failure("ValueError", "no " * 500) if task == "fix" else None

    assert size(plan(task, cells, limit=limit, failure=failure)) <= limit


@pytest.mark.parametrize("task", ["explain", "test"])
def test_a_huge_cell_is_reduced_where_it_is_only_read(task: TaskName) -> None:
    huge = Cell("\n".join(f"value_{number} = {number} * {number}" for number in range(2000)))

    assert size(plan(task, (huge,), 0, limit=2048)) <= 2048


@pytest.mark.parametrize("task", ["fix", "document", "refactor", "translate"])
def test_a_cell_that_is_too_long_to_be_written_anew_is_refused_with_both_numbers(task: TaskName) -> None:
    huge = Cell("\n".join(f"value_{number} = {number} * {number}" for number in range(2000)))

    with pytest.raises(InvalidRequestError, match=r"Cell 1 is too long .* \d+ tokens, and .* holds 2048") as caught:
        plan(task, (huge,), 0, limit=2048)
    assert caught.value.param == "document.cell"


@pytest.mark.parametrize("task", ["explain", "fix", "document", "test", "refactor", "translate"])
def test_a_task_on_an_empty_cell_is_refused(task: TaskName) -> None:
    with pytest.raises(InvalidRequestError, match="Cell 2 is empty"):
        plan(task, (Cell("x"), Cell(" \n")), 1)


def test_an_empty_cell_may_be_asked_about_and_continued() -> None:
    assert plan("next", (*CELLS, Cell("")), 4).messages
    assert plan("ask", (*CELLS, Cell("")), 4).messages


def test_a_question_that_is_too_long_is_refused_by_its_name() -> None:
    with pytest.raises(InvalidRequestError, match="The question is too long") as caught:
        plan("ask", question="why " * 5000)
    assert caught.value.param == "question"


def test_a_follow_up_begins_with_the_same_prompt() -> None:
    first = plan("ask")
    turns = (Message("user", "What are the prices?"), Message("assistant", "One to three."))
    second = plan("ask", question="And the halves?", messages=turns)

    assert second.messages[:2] == first.messages
    assert second.messages[2:] == (turns[1], Message("user", "And the halves?"))


def test_another_question_begins_with_the_same_notebook() -> None:
    texts = [plan("ask", question=question).messages[1].content for question in ("What are prices?", "Where is half?")]

    assert texts[0].partition("Question:")[0] == texts[1].partition("Question:")[0]


def test_earlier_turns_without_room_are_left_out_and_counted() -> None:
    turns = tuple(Message(role, f"{number} " + "word " * 200) for number in range(20) for role in ("user", "assistant"))
    made = plan("ask", messages=turns, limit=2048)

    assert 0 < made.left_out < 40
    assert len(made.messages) == 2 + 40 - made.left_out
    assert made.messages[1].role == "user"
    assert size(made) <= 2048


def test_of_a_notebook_that_is_shown_whole_one_word_of_the_question_is_enough() -> None:
    question = "What does the list halves hold in the end, and how is that decided?"
    long = tuple(Cell(f"value_{number} = {number}  # {'step ' * 9}") for number in range(200))
    assert plan("ask", question=question).found
    assert not plan("ask", question="Who decided?").found
    assert not plan("ask", cells=CELLS + long, question="Which harvester has ripe prices automatically?").found


def test_a_follow_up_is_never_told_that_nothing_was_found() -> None:
    turns = (Message("user", "What are the prices?"), Message("assistant", "One to three."))

    assert plan("ask", question="Frobnicate zygotes?", messages=turns).found
    assert not plan("ask", question="Frobnicate zygotes?").found


def test_a_question_for_help_goes_to_the_model_though_the_notebook_does_not_tell() -> None:
    made = plan("ask", question="How do I frobnicate zygotes?")

    assert made.found
    assert made.steps[0].tokens


def test_a_length_that_is_wished_bounds_every_hole() -> None:
    assert {step.tokens for step in plan("explain", max_tokens=7).steps} == {7}


def test_the_lines_that_have_run_stand_in_a_fix_already() -> None:
    traceback = "Cell In[1], line 2\n----> 2 b = a / 0\n"
    failure = Failure("ZeroDivisionError", "division by zero", traceback)
    made = plan("fix", (Cell("a = 1\nb = a / 0\nprint(b)"),), 0, failure=failure)

    assert made.steps[1].text == "```python\na = 1\n"


def test_a_syntax_error_keeps_no_line() -> None:
    failure = Failure("SyntaxError", "'(' was never closed", "Cell In[1], line 2\n----> 2 print(a\n")
    made = plan("fix", (Cell("a = f(1\nprint(a\n"),), 0, failure=failure)

    assert made.steps[1].text == "```python\n"


def test_lone_surrogates_and_fences_in_cells_do_no_harm() -> None:
    cells = (Cell('x = "\ud800"\n```\n'), Cell("y = x"))

    for task in get_args(TaskName):
        for message in plan(task, cells, 0).messages:
            message.content.encode()


def test_a_notebook_of_many_cells_is_summarized_in_ranges() -> None:
    cells = tuple(Cell(f"x{number} = {number}") for number in range(50))
    labels = [step.text for step in plan("summarize", cells, 0).steps[1:]]

    assert len(labels) == 10
    assert labels[0].startswith("- Cells 1-5 (`x0`)")
    assert labels[-1].startswith("- Cells 46-50")


def test_headings_part_a_long_notebook() -> None:
    cells = []
    for part in range(3):
        cells += [Cell(f"## Part {part}", "markdown"), *(Cell(f"y{part} = {number}") for number in range(6))]
    labels = [step.text for step in plan("summarize", tuple(cells), 0).steps[1:]]

    assert [label.partition(" (")[0] for label in labels] == ["- Cells 2-7", "- Cells 9-14", "- Cells 16-21"]


def test_an_empty_notebook_needs_no_model() -> None:
    assert [step.tokens for step in plan("summarize", (Cell(""),), 0).steps] == [0]
