"""What of a notebook answers a question."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from notebooks import SALES, count

from llama_assist.context.retrieve import Retrieved, Retriever, retrieve
from llama_assist.types import Cell, Document


def ask(question: str, document: Document = SALES, budget: int = 60) -> Retrieved:
    return retrieve(document, question, budget, count)


@pytest.mark.parametrize(
    ("question", "cell"),
    [
        ("Where is `sales` filtered?", 4),
        ("Which file is read?", 2),
        ("What does rain_days do?", 6),
        ("Wo werden die Daten eingelesen?", 2),
        ("缺失值在哪里被删除？", 4),
        ("How are the shops grouped?", 8),
        ("Which cell computes 17?", 7),
    ],
)
def test_the_cell_that_answers_comes_first(question: str, cell: int) -> None:
    assert ask(question).cells[0] == cell


def test_a_definition_comes_before_the_uses_of_a_name() -> None:
    assert ask("What is rain_days?").cells[:2] == (6, 7)


def test_a_cell_named_by_number_is_shown_with_what_defines_its_names() -> None:
    found = ask("What is wrong in cell 9?", budget=100)
    assert found.cells[0] == 8
    assert found.asked == {8}
    assert 4 in found.cells


def test_an_execution_count_names_its_cell() -> None:
    assert ask("What is [12]?").cells[0] == 7


def test_a_number_that_no_cell_has_is_no_reason_to_fail() -> None:
    assert ask("What is in cell 99?").asked == frozenset()


def test_a_heading_leads_to_the_code_below_it() -> None:
    assert ask("What is cleaned?", budget=80).cells[:2] in ((3, 4), (4, 3))


@pytest.mark.parametrize("budget", [0, 5, 20, 40, 80, 200])
def test_the_budget_holds(budget: int) -> None:
    for question in ("Where is sales filtered?", "What does this notebook do?", "cell 4", "nothing"):
        found = ask(question, budget=budget)
        assert found.tokens <= budget
        assert found.tokens == sum(count(f"{block.text}\n\n") for block in found.blocks)


def test_blocks_stand_in_the_order_of_the_notebook_under_their_numbers() -> None:
    found = ask("Where is `sales` filtered?", budget=200)
    cells = [block.cells[0] for block in found.blocks]
    assert cells == sorted(cells)
    assert "Cell 5:\n```python\nvalid = sales" in found.text
    assert "Output of cell 3:\n```\n   shop  amount" in found.text


def test_a_question_about_everything_takes_headings_imports_and_signatures() -> None:
    found = ask("What does this notebook do?", budget=120)
    assert found.is_whole
    assert {0, 1, 3, 5, 6} <= set(found.cells)
    assert "Monthly sales of three shops." in found.text
    assert "def rain_days(month): ..." in found.text


def test_what_the_notebook_does_not_tell_is_not_found() -> None:
    assert not ask("Which learning rate has the neural network?").found
    assert ask("Where is `sales` filtered?").found


def test_the_nearest_cells_are_those_with_most_to_do_with_a_question() -> None:
    found = ask("Where is `sales` filtered?", budget=200)
    assert found.nearest(2) == tuple(sorted(found.relevance, key=lambda cell: -found.relevance[cell])[:2])
    assert found.nearest(1) == found.cells[:1]
    assert ask("zygotes").nearest(3) == ()


def test_a_language_that_the_notebook_has_not_is_no_proof_of_absence() -> None:
    found = ask("どうして？", budget=120)
    assert found.found
    assert found.coverage is None
    assert 0 in found.cells


def test_without_structure_words_alone_count() -> None:
    plain = Retriever(structure=False)
    assert plain.retrieve(SALES, "What does this notebook do?", 100, count).cells == ()
    assert plain.retrieve(SALES, "rain_days", 100, count).cells


@pytest.mark.parametrize("document", [Document(()), Document((Cell(""),)), Document((Cell("---", "markdown"),))])
def test_an_empty_notebook_has_nothing_to_show(document: Document) -> None:
    for question in ("What does this notebook do?", "Where is df?", "cell 1", ""):
        assert ask(question, document).blocks == ()


def test_a_changed_cell_is_read_anew() -> None:
    retriever = Retriever()
    assert retriever.retrieve(Document((Cell("a = 1"),)), "a", 50, count).text.count("a = 1")
    assert retriever.retrieve(Document((Cell("a = 2"),)), "a", 50, count).text.count("a = 2")


def test_one_retriever_serves_several_threads() -> None:
    retriever = Retriever()
    questions = ["Where is sales filtered?", "rain_days", "What does this notebook do?"] * 8
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda question: retriever.retrieve(SALES, question, 80, count).cells, questions))
    assert found == [ask(question, budget=80).cells for question in questions]


def test_unsound_text_is_normal_input() -> None:
    document = Document((Cell("x = '\ud800'", outputs=("\ud800 7",)), Cell("# \ud800", "markdown")))
    ask("x", document).text.encode()
