"""Which cells an answer may cite."""

from __future__ import annotations

import pytest
from notebooks import SALES, count

from llama_assist.context.citations import admits, cite
from llama_assist.context.retrieve import retrieve

FILTERED = retrieve(SALES, "Where is `sales` filtered?", 200, count)


def test_a_named_cell_that_fits_is_cited() -> None:
    found = cite("In cell 5, where valid keeps the amounts above 0.", (4,), FILTERED)
    assert (found.cells, found.dropped, found.is_named) == ((4,), (), True)


def test_a_named_cell_that_does_not_fit_is_dropped_for_the_one_that_does() -> None:
    found = cite("In cell 7: valid = sales[sales.amount > 0].", (6,), FILTERED)
    assert (found.cells, found.dropped, found.is_named) == ((4,), (6,), False)


def test_an_answer_without_numbers_cites_the_cell_that_fits_best() -> None:
    assert cite("The rows with a positive amount are kept in valid.", (), FILTERED).cells == (4,)


def test_the_words_of_the_answer_decide_where_the_question_does_not() -> None:
    retrieved = retrieve(SALES, "What does this notebook do?", 200, count)
    assert cite("It computes rain_days of a month.", (), retrieved).cells == (6,)


def test_a_cell_that_the_question_names_is_always_cited() -> None:
    retrieved = retrieve(SALES, "What does cell 8 do?", 200, count)
    assert cite("Something else entirely.", (), retrieved).cells == (7,)


def test_an_answer_that_does_not_know_cites_nothing() -> None:
    found = cite("The notebook does not say where.", (), FILTERED)
    assert (found.cells, found.admits) == ((), True)


def test_nothing_shown_is_nothing_cited() -> None:
    assert cite("Whatever.", (3,), retrieve(SALES, "Where is `sales` filtered?", 0, count)).cells == ()


@pytest.mark.parametrize(
    "answer",
    [
        "The notebook does not mention a learning rate.",
        "There is no information about it.",
        "This cannot be determined from the cells.",
        "Das wird in diesem Notebook nicht erwähnt.",
        "笔记本中没有提到学习率。",
        "ノートブックには記載されていません。",
    ],
)
def test_not_knowing_is_understood(answer: str) -> None:
    assert admits(answer)


@pytest.mark.parametrize("answer", ["The rate is 0.1.", "Rows that are not null are kept.", "Es ist der Mittelwert."])
def test_an_answer_is_no_admission(answer: str) -> None:
    assert not admits(answer)
