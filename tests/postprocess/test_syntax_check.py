"""A completion with which the cell does not parse is cut back to the part that does."""

from __future__ import annotations

import pytest
from drawn import site

from llama_assist.postprocess.syntax_check import syntax_check

CUT = {
    "a broken second statement": ("│", "x = 1\ny = = 2", "x = 1"),
    "an open call": ("x = foo(│", "a, b(c", "a, b(c))"),
    "brackets that the user left open": ("f(g(h(k(\n    │", "1", "1)"),
    "brackets of both": ("f(g(h(k(\n    │", "x(1", "x(1))"),
    "an open string": ("print(│", '"a, b', '"a, b")'),
    "a broken item": ("foo(│)", "a, b, c d", "a, b, c"),
    "no comma before what follows": ("foo(│)", "a, *", "a"),
    "a keyword argument twice": ("foo(│\n    b=2)", "a, b=1", "a,"),
    "a statement at the wrong level": ("def f():\n    x = 1\n│\n    return y\n", "y = x", "    y = x"),
    "what can stand nowhere": ("x = foo(a│, b)", " b c", ""),
    "garbage after a backslash": ("x = a │\n    + b\n", "* 2 \\\nfoo bar", "* 2 \\"),
    "return outside a function": ("x = 1\n│", "y = 2\nreturn y", "y = 2"),
}
KEPT = {
    "good code": ("x = │\nprint(x)", "1"),
    "a cell that is broken elsewhere": ("def f(:\n    pass\n\nx = │\n", "1"),
    "a cell that is broken below": ("x = │\n\nfor in y\n", "1"),
    "IPython's syntax": ("%matplotlib inline\n!ls (\nx = │\ndf?\n", "1"),
    "a bracket closed of several that are open": ("f(g(h(k(\n    │", "1)"),
    "a string that ends before more of the call below": (
        'x = f({"a": ["b│\n      "c": [1]})\n',
        '", "c"],',
    ),
    "await at the top level": ("x = │", "await foo()"),
    "a header whose body is below": ("for │\n    print(x)\n", "x in y:"),
    "a clause of a statement above": ("if a:\n    b()\n│\n", "else:\n    c()"),
    "an invalid escape": ("x = │", "'\\d'"),
    "a decorator": ("x = 1\n│\ndef f(): ...\n", "@cache"),
    "a decorator below": ("x = │\n@cache\ndef f(): ...\n", "1"),
}


@pytest.mark.parametrize(("drawn", "text", "kept"), CUT.values(), ids=CUT)
def test_what_breaks_the_cell_is_cut_back(drawn: str, text: str, kept: str) -> None:
    assert syntax_check(site(drawn), text) == kept


@pytest.mark.parametrize(("drawn", "text"), KEPT.values(), ids=KEPT)
def test_what_does_not_break_it_stays(drawn: str, text: str) -> None:
    assert syntax_check(site(drawn), text) == text


def test_in_a_statement_that_is_broken_anyway_no_further_error_is_let_in() -> None:
    drawn = "def f():\n    a b c\n    x = │\n    d e f\n"
    assert syntax_check(site(drawn), "foo(1)") == "foo(1)"
    assert syntax_check(site(drawn), "foo(1) ) (") != "foo(1) ) ("


def test_other_languages_are_judged_by_their_grammar() -> None:
    pytest.importorskip("tree_sitter_javascript")
    drawn = site("const x = │;\nf(x);\n", "javascript")
    assert syntax_check(drawn, "g(1)") == "g(1)"
    assert syntax_check(drawn, "g(1, h(") == "g(1, h())"


def test_a_language_without_grammar_is_let_through() -> None:
    assert syntax_check(site("x = │", "unheard-of"), "((") == "(("


def test_in_a_long_literal_only_the_innermost_bracket_is_closed() -> None:
    above = "".join(f"    'k{number}': [{number}, 'abc'],\n" for number in range(2_000))
    assert syntax_check(site(f"x = {{\n{above}    'z': {'[' * 40}│"), "'z'") == "'z']"


@pytest.mark.parametrize("language", ["python", "sql", "javascript", "bash", "r", "cpp"])
def test_of_a_long_broken_text_only_what_stands_near_is_parsed(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def is_whole(source: str, _language: str) -> bool:
        sizes.append(len(source))
        return False

    monkeypatch.setattr("llama_assist.postprocess.validity._is_whole", is_whole)
    lines = "x = foo([1, ), 'a']\n" * 5_000
    syntax_check(site(f"{lines}x = │\n{lines}", language), "a b c d")
    assert 0 < max(sizes) < 10_000


def test_the_parses_of_one_check_end_when_their_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llama_assist.postprocess.validity.thread_time", iter(range(1_000)).__next__)
    assert syntax_check(site("x = foo(│"), "a b, c d, e f") == ""
