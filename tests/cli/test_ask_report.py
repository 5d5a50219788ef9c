"""How well questions are answered, as a table."""

from __future__ import annotations

from llama_assist.cli.ask_report import Answer, answer_table, retrieval_table
from llama_assist.cli.questions import Asked
from llama_assist.context.passages import Passage
from llama_assist.context.retrieve import Retrieved
from llama_assist.types import Cell, Document

DOCUMENT = Document((Cell("a"), Cell("b"), Cell("c")))


def asked(kind: str, *gold: int, also: tuple[int, ...] = ()) -> Asked:
    return Asked(kind, DOCUMENT, "?", kind, frozenset(gold), frozenset(also))


def retrieved(*cells: int, found: bool = True) -> Retrieved:
    return Retrieved("?", tuple(Passage(cell, 0, "code", "") for cell in cells), found=found)


def row(table: str, kind: str) -> list[str]:
    return next(line.split() for line in table.splitlines() if line.split()[:1] == [kind])


def test_recall_is_the_share_of_the_gold_that_was_retrieved() -> None:
    questions = [asked("where", 0, 1), asked("why", 2), asked("none")]
    structured = [retrieved(1), retrieved(2), retrieved(found=False)]
    plain = [retrieved(), retrieved(2, found=False), retrieved()]
    table = retrieval_table("title", questions, structured, plain)
    assert row(table, "all") == ["all", "2", "75.0", "100.0", "50.0", "50.0", "0"]
    assert row(table, "where") == ["where", "1", "50.0", "100.0", "0.0", "0.0", "0"]
    assert "nothing found: 1 of 1 unanswerable, 0 of 2 others" in table


def test_precision_is_over_all_cited_cells_of_answerable_questions() -> None:
    questions = [asked("where", 0, also=(1,)), asked("why", 2), asked("none")]
    answers = [
        Answer("where", "text", (0, 1, 2), False, 1000.0),
        Answer("why", "text", (), True, 3000.0),
        Answer("none", "text", (1,), True, 2000.0),
    ]
    table = answer_table("title", questions, answers)
    assert row(table, "all") == ["all", "2", "3", "66.7", "33.3", "50.0", "50.0", "2.0"]
    assert "unanswerable: 1 of 1 admitted, 0 cite nothing" in table


def test_tables_of_nothing_are_tables() -> None:
    assert "0 of 0" in retrieval_table("title", [], [], [])
    assert "0 of 0" in answer_table("title", [], [])
