from __future__ import annotations

import pytest

from llama_assist.syntax import captures, grammar, languages, matches, parse, query
from llama_assist.syntax.languages import LANGUAGES

NAMES = ("outline", "signatures", "reduce")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"markdown"}))
def test_every_query_is_valid_for_its_grammar(language: str, name: str) -> None:
    if grammar(language) is None:
        pytest.skip(f"the grammar of {language} is not installed")

    assert query(language, name) is not None


def test_a_query_that_is_not_there_captures_nothing() -> None:
    assert query("python", "nothing") is None
    assert query("cobol", "outline") is None
    assert captures(parse("x = 1", "python"), "nothing") == {}
    assert matches(parse("x", "cobol"), "outline") == []


@pytest.mark.parametrize("error", [ModuleNotFoundError("none"), ValueError("Incompatible Language version")])
def test_a_language_whose_grammar_cannot_be_loaded_is_text(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(name: str) -> None:
        raise error

    monkeypatch.setattr(languages, "import_module", fail)

    assert grammar.__wrapped__("python") is None


def test_captures_are_named_by_the_query() -> None:
    parsed = parse("def f(a):\n    return a\n", "python")

    assert [parsed.text(node) for node in captures(parsed, "outline")["define.function"]] == ["f"]
