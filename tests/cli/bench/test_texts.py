"""Prompts of the benchmark: real source, of the wanted size, never beginning alike."""

from __future__ import annotations

import ast

from llama_assist.cli.bench.texts import SourceTexts


def count(text: str) -> int:
    return (len(text) + 3) // 4


def test_a_text_has_the_wanted_number_of_tokens() -> None:
    texts = SourceTexts(count)
    assert [count(texts.take(size)) for size in (1, 32, 512, 2000)] == [1, 32, 512, 2000]


def test_no_two_texts_begin_alike() -> None:
    texts = SourceTexts(count)
    beginnings = {texts.take(128)[:80] for _ in range(50)}
    assert len(beginnings) == 50


def test_the_source_begins_again_when_it_is_used_up() -> None:
    texts = SourceTexts(count)
    first = texts.take(1000)
    again = [texts.take(1000) for _ in range(500)]
    assert first in again


def test_the_text_is_python() -> None:
    text = SourceTexts(count).take(8000)
    assert any(isinstance(node, ast.ClassDef) for node in ast.walk(ast.parse(text[: text.rindex("\nclass ")])))
