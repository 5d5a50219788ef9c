from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from broken_code import DEEP, KINDS, any_broken_text, broken_text
from context_golden import count

from llama_assist.context import ContextBuilder, reduce
from llama_assist.syntax import error_nodes, parse
from llama_assist.types import Cell, Document, Variable

LANGUAGES = ("python",) * 6 + ("r", "julia", "javascript", "typescript", "sql", "bash", "cpp", "markdown", "cobol")


def _text(chooser: random.Random) -> str:
    return any_broken_text(chooser, int(10 ** chooser.uniform(0, 2.7)))


def _documents(seed: int, number: int) -> Iterator[tuple[Document, str, str]]:
    chooser = random.Random(seed)
    variables = (Variable("df", "DataFrame", (3, 2), columns=(("a", "int64"),)),)
    for _ in range(number):
        others = tuple(
            Cell(_text(chooser), chooser.choice(("code", "code", "code", "markdown", "raw")))
            for _ in range(chooser.randint(0, 2))
        )
        text = _text(chooser)
        cut = chooser.randint(0, len(text))
        current = Cell(text, chooser.choice(("code",) * 5 + ("markdown",)))
        language = chooser.choice(LANGUAGES)
        yield Document((*others, current), len(others), "x", language, variables), text[:cut], text[cut:]


@pytest.mark.parametrize("seed", range(5))
def test_a_thousand_broken_documents_raise_nothing_and_keep_the_budget(seed: int) -> None:
    builder = ContextBuilder()
    for document, prefix, suffix in _documents(seed, 1_000):
        budget = (0, 1, 7, 40, 400)[len(prefix) % 5]
        context = builder.build(document, prefix, suffix, budget, count)

        assert context.tokens <= budget
        assert all(block.text.encode() for block in context.blocks)


@pytest.mark.parametrize("seed", range(5, 7))
def test_offsets_of_broken_text_are_valid_and_cut_no_code_point(seed: int) -> None:
    for document, prefix, suffix in _documents(seed, 300):
        text = prefix + suffix
        parsed = parse(text, document.language)
        offset = parsed.byte_of(len(prefix))

        assert parsed.offset_of(offset) == len(prefix)
        assert len(parsed.raw[:offset].decode()) == len(prefix)
        for node in error_nodes(parsed):
            assert 0 <= node.start_byte <= node.end_byte <= len(parsed.raw)
            assert parsed.text(node).encode().decode() == parsed.text(node)


@pytest.mark.parametrize("seed", range(7, 9))
def test_typing_into_broken_text_is_the_same_as_parsing_it_anew(seed: int) -> None:
    for document, prefix, suffix in _documents(seed, 300):
        old = parse(prefix + suffix, document.language)
        new = parse(prefix + "x" + suffix, document.language, old)

        assert new.raw == parse(prefix + "x" + suffix, document.language).raw
        assert new.tree is None or new.tree.root_node.end_byte <= len(new.raw)


@pytest.mark.parametrize("nest", DEEP, ids=repr)
@pytest.mark.parametrize(("language", "length"), [("python", 20_000), ("r", 4_000), ("julia", 4_000)])
def test_deep_nesting_raises_nothing(language: str, length: int, nest: str) -> None:
    text = nest * (length // len(nest))
    document = Document((Cell(text), Cell(text)), 1, "x", language)

    context = ContextBuilder().build(document, text, "", 100, count)

    assert context.tokens <= 100
    assert count(reduce(text, (), 100, count, language)) <= 100
    assert all(node.end_byte <= len(text) for node in error_nodes(parse(text, language)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["python", "sql", "cpp"])
def test_long_broken_text_raises_nothing_and_keeps_the_budget(language: str, kind: str) -> None:
    text = broken_text(random.Random(3), kind, 100_000)
    document = Document((Cell(text), Cell(text)), 1, "x", language)

    context = ContextBuilder().build(document, text[:50_000], text[50_000:], 400, count)

    assert context.tokens <= 400
