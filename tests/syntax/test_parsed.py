from __future__ import annotations

import pytest

from llama_assist.syntax import Parsed, encode, error_nodes, parse, walk
from llama_assist.syntax.languages import LANGUAGES, grammar

SNIPPETS = {
    "python": "def f(x):\n    return x + 1\n",
    "r": "f <- function(x) x + 1\n",
    "julia": "f(x) = x + 1\n",
    "javascript": "const f = (x) => x + 1;\n",
    "typescript": "const f = (x: number): number => x + 1;\n",
    "tsx": "const f = () => <b>text</b>;\n",
    "sql": "SELECT a FROM t WHERE b = 1;\n",
    "bash": "for i in 1 2; do echo $i; done\n",
    "cpp": "int f(int x) { return x + 1; }\n",
    "markdown": "# Title\n\nText.\n",
}


def _tree(parsed: Parsed) -> str:
    assert parsed.tree is not None
    return str(parsed.tree.root_node)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_parses_its_own_code_without_error(language: str) -> None:
    if grammar(language) is None:
        pytest.skip(f"the grammar of {language} is not installed")

    parsed = parse(SNIPPETS[language], language)

    assert parsed.tree is not None
    assert not parsed.has_error
    assert error_nodes(parsed) == []


@pytest.mark.parametrize("name", ["ipython3", "Python", "py", " python3 "])
def test_a_language_is_known_by_its_other_names(name: str) -> None:
    assert parse("x = 1", name).language == "python"


def test_an_unknown_language_is_text_without_a_tree() -> None:
    parsed = parse("MOVE A TO B.", "cobol")

    assert parsed.tree is None
    assert not parsed.has_error
    assert error_nodes(parsed) == []
    assert parsed.byte_of(4) == 4


def test_broken_code_has_error_nodes_where_it_breaks() -> None:
    parsed = parse("x = 1\ny = (2\nz = 3\n", "python")

    assert parsed.has_error
    assert error_nodes(parsed)
    assert all(node.start_byte >= len("x = 1\n") for node in error_nodes(parsed))


@pytest.mark.parametrize("text", ["abc", "é漢🎉x", "a\ud800b", "🎉" * 5, ""])
def test_offsets_and_bytes_convert_both_ways(text: str) -> None:
    parsed = parse(text, "python")

    assert [parsed.offset_of(parsed.byte_of(offset)) for offset in range(len(text) + 1)] == list(range(len(text) + 1))
    assert parsed.byte_of(len(text)) == len(parsed.raw)


def test_a_byte_inside_a_code_point_belongs_to_its_start() -> None:
    parsed = parse("a漢b", "python")

    assert [parsed.offset_of(byte) for byte in range(6)] == [0, 1, 1, 1, 2, 3]


def test_a_lone_surrogate_becomes_one_byte() -> None:
    assert encode("a\ud800b") == b"a?b"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def f(x):\n    return x\n", "def f(x):\n    return x + 1\n"),
        ("é = 1\nb = 2\n", "é = 1\nab = 2\n"),
        ("a = 1\n" * 50, "a = 1\n" * 20 + "if b:\n    c = 3\n" + "a = 1\n" * 30),
        ("aaa", "aaaa"),
        ("x = 1\n", ""),
        ("", "x = 1\n"),
        ("x = (1\n", "x = (1)\n"),
    ],
)
def test_incremental_parsing_gives_the_tree_of_a_fresh_parse(before: str, after: str) -> None:
    old = parse(before, "python")

    assert _tree(parse(after, "python", old)) == _tree(parse(after, "python"))
    assert _tree(old) == _tree(parse(before, "python"))


def test_the_same_text_keeps_the_tree() -> None:
    old = parse("x = 1", "python")

    assert parse("x = 1", "python", old).tree is old.tree


def test_an_old_tree_of_another_language_is_not_used() -> None:
    old = parse("x = 1", "python")

    assert _tree(parse("x = 1", "javascript", old)) == _tree(parse("x = 1", "javascript"))


def test_a_walk_reaches_any_depth() -> None:
    depth = 20_000
    parsed = parse("[" * depth + "]" * depth, "python")

    assert parsed.tree is not None
    assert sum(node.type == "list" for node in walk(parsed.tree.root_node)) == depth


def test_a_heap_of_tokens_is_text() -> None:
    assert parse("(" * 50_000, "python").tree is None
