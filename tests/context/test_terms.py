"""The words by which text and code are found."""

from __future__ import annotations

import pytest

from llama_assist.context.terms import stem, terms


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("train_test_split", {"train_test_split", "train", "test", "split"}),
        ("RandomForestClassifier", {"randomforestclassifier", "random", "forest"}),
        ("HTTPServer", {"httpserver", "http"}),
        ("_private", {"privat"}),
        ("table7", {"table7", "tabl"}),
        ("R²", {"r2"}),
    ],
)
def test_an_identifier_is_found_by_its_parts_and_as_a_whole(name: str, parts: set[str]) -> None:
    assert parts <= set(terms(name))


@pytest.mark.parametrize(
    "forms",
    [("filter", "filters", "filtered", "filtering"), ("plot", "plotted", "plotting"), ("anomaly", "anomalies")],
)
def test_the_forms_of_a_word_have_one_stem(forms: tuple[str, ...]) -> None:
    assert len({stem(form) for form in forms}) == 1


@pytest.mark.parametrize("word", ["class", "loss", "is", "red", "king"])
def test_a_short_word_stays_itself(word: str) -> None:
    assert stem(word) == word


def test_words_with_one_beginning_share_a_term() -> None:
    assert set(terms("Regularisierung")) & set(terms("regularized")) == {"^regula"}


def test_a_script_without_spaces_is_read_in_pairs() -> None:
    assert terms("缺失值") == ["缺失", "失值"]
    assert terms("图") == ["图"]


def test_a_name_within_such_a_script_stays_whole() -> None:
    assert "svm_clf" in terms("svm_clf在哪里训练")


def test_any_text_has_terms_without_an_error() -> None:
    assert terms("") == []
    assert terms("\n\t___ \ud800 ** \x00") is not None
