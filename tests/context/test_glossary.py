"""The words of questions and answers about notebooks."""

from __future__ import annotations

from llama_assist.context.glossary import glossary


def test_every_notion_has_names_to_look_for() -> None:
    notions = glossary().notions
    assert len(notions) > 50
    assert all(len(notion.sought) > 2 for notion in notions)


def test_a_german_word_leads_to_the_code() -> None:
    assert any("fillna" in notion.sought for notion in glossary().notions_of("fehlende"))


def test_a_chinese_word_leads_to_the_code() -> None:
    assert any("fillna" in notion.sought for _, notion in glossary().notions_within("缺失值怎么处理"))


def test_no_name_of_a_notion_is_a_word_that_tells_nothing() -> None:
    assert not {"fillna", "read_csv", "mean", "plot"} & glossary().stop


def test_english_words_do_not_count_as_foreign() -> None:
    known = glossary()
    assert not known.foreign & {"in", "so", "die", "was", "the"} & known.stop - known.foreign
    assert "warum" in known.foreign
    assert "where" in known.stop - known.foreign
