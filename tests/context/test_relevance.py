"""How much each passage has to do with a question."""

from __future__ import annotations

from notebooks import SALES

from llama_assist.context.passages import PieceCache, passages
from llama_assist.context.question import read_question
from llama_assist.context.relevance import Index, Relevance

CUT, WORDS = passages(SALES, PieceCache())


def rate(question: str, *, structure: bool = True) -> Relevance:
    return Index(CUT, WORDS, structure=structure).rate(read_question(question), ())


def test_nothing_speaks_for_a_passage_without_the_words() -> None:
    rated = rate("quaternion")
    assert not any(rated.scores)
    assert rated.coverage == 0


def test_all_words_in_one_place_cover_the_question() -> None:
    assert rate("rain_days of a month").coverage == 1


def test_words_that_no_place_has_together_cover_it_in_part() -> None:
    coverage = rate("rain_days of the quaternion").coverage
    assert coverage is not None
    assert 0.2 < coverage < 0.8


def test_a_question_without_words_cannot_be_judged() -> None:
    assert rate("Why is that?").coverage is None


def test_neighbours_and_names_count_with_structure_only() -> None:
    with_structure, words = rate("rain_days").scores, rate("rain_days", structure=False).scores
    assert sum(score > 0 for score in with_structure) > sum(score > 0 for score in words)
    assert max(with_structure) > max(words)
