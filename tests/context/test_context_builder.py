from __future__ import annotations

from dataclasses import replace

import pytest
from context_golden import count

from llama_assist.context import SOURCES, Context, ContextBuilder
from llama_assist.types import Cell, Document, Variable

CELLS = (
    Cell("import numpy as np\nimport pandas as pd"),
    Cell("def load(path):\n    return pd.read_csv(path)"),
    Cell("prices = load('prices.csv')\n" + "prices.describe()\n" * 12),
    Cell("## Costs", "markdown"),
    Cell("costs = np.zeros(3)\n" + "print(costs)\n" * 12),
    Cell("weights = [1, 2, 3]\n" + "print(weights)\n" * 12),
    Cell(""),
    Cell("total = sum(weights)"),
)
DOCUMENT = Document(CELLS, 6, "a.ipynb")


def _build(
    builder: ContextBuilder, prefix: str, suffix: str = "", budget: int = 120, document: Document = DOCUMENT
) -> Context:
    return builder.build(document, prefix, suffix, budget, count)


def _shown(context: Context) -> set[int]:
    return {index for block in context.blocks for index in block.cells if block.kind == "cell"}


def test_the_blocks_do_not_change_while_a_line_is_typed() -> None:
    builder = ContextBuilder()
    line = "result = prices.merge(costs, weights=load('x'))"
    blocks = {_build(builder, "x = 1\n" + line[:end], "\ny = 2").blocks for end in range(len(line) + 1)}

    assert len(blocks) == 1


def test_a_new_line_that_uses_nothing_new_keeps_the_blocks() -> None:
    builder = ContextBuilder()
    before = _build(builder, "x = prices.head()").blocks

    assert _build(builder, "x = prices.head()\n").blocks == before
    assert _build(builder, "x = prices.head()\nprint(x)\n").blocks == before


def test_a_new_line_that_uses_another_cell_brings_that_cell() -> None:
    document = replace(DOCUMENT, cells=(*CELLS[:6], Cell(""), CELLS[7], *[Cell(f"a{i} = {i}\n" * 9) for i in range(9)]))
    builder = ContextBuilder()
    assert 2 not in _shown(_build(builder, "", budget=70, document=document))

    assert 2 in _shown(_build(builder, "prices.head()\n", budget=70, document=document))


def test_a_change_in_another_cell_is_seen_at_once() -> None:
    builder = ContextBuilder()
    _build(builder, "costs")
    changed = replace(DOCUMENT, cells=(*CELLS[:4], Cell("costs = [9]"), *CELLS[5:]))

    assert any("costs = [9]" in block.text for block in _build(builder, "costs", document=changed).blocks)


def test_running_a_cell_does_not_change_the_blocks() -> None:
    builder = ContextBuilder()
    before = _build(builder, "costs").blocks
    ran = replace(DOCUMENT, cells=tuple(replace(cell, execution_count=3, outputs=("text",)) for cell in CELLS))

    assert _build(builder, "costs", document=ran).blocks == before


def test_two_builders_agree() -> None:
    assert _build(ContextBuilder(), "costs.\n").blocks == _build(ContextBuilder(), "costs.\n").blocks


@pytest.mark.parametrize("budget", [0, 1, 3, 10, 31, 57, 100, 400])
def test_the_budget_is_kept(budget: int) -> None:
    context = _build(ContextBuilder(), "prices.plot(costs)\n", budget=budget)

    assert context.tokens <= budget
    assert all(block.text and block.tokens == count(block.text + "\n\n") for block in context.blocks)


def test_a_smaller_budget_makes_the_blocks_smaller_and_a_slightly_larger_one_keeps_them() -> None:
    builder = ContextBuilder()
    before = _build(builder, "costs", budget=120)

    assert _build(builder, "costs", budget=130).blocks == before.blocks
    assert _build(builder, "costs", budget=60).tokens <= 60


def test_blocks_have_a_fixed_order_and_end_with_what_stands_above_the_cursor() -> None:
    document = replace(
        DOCUMENT,
        cells=(*CELLS[:6], Cell("# Now", "markdown"), Cell(""), CELLS[7]),
        cell=7,
        variables=(Variable("costs", "ndarray", (3,)),),
    )
    blocks = _build(ContextBuilder(), "costs", budget=330, document=document).blocks

    assert [block.kind for block in blocks] == ["variables", *["cell"] * 6, "markdown"]
    assert [block.cells for block in blocks[1:]] == [(8,), (0,), (1,), (2,), (4,), (5,), (6,)]


def test_outputs_are_never_shown() -> None:
    document = replace(DOCUMENT, cells=tuple(replace(cell, outputs=("SECRET",)) for cell in CELLS))

    assert all("SECRET" not in block.text for block in _build(ContextBuilder(), "", document=document).blocks)


@pytest.mark.parametrize("source", SOURCES)
def test_each_source_can_be_left_out(source: str) -> None:
    builder = ContextBuilder([each for each in SOURCES if each != source])
    context = _build(builder, "costs")

    assert context.tokens <= 120
    assert source not in {block.kind for block in context.blocks}
    if source in ("above", "below"):
        assert all((index > 6) if source == "above" else (index < 6) for index in _shown(context))


def test_a_file_has_no_other_cells() -> None:
    context = _build(ContextBuilder(), "x = 1\n", document=Document((Cell("x = 1\n"),), 0, "a.py"))

    assert context.blocks == ()
    assert "x" in context.names.visible


@pytest.mark.parametrize(
    "document", [Document(()), Document((Cell("x"),), 7), Document((Cell("x"),), -1), Document((Cell("x", "raw"),))]
)
def test_odd_documents_are_built_too(document: Document) -> None:
    assert _build(ContextBuilder(), "a.", ")", document=document).tokens <= 120


def test_lone_surrogates_never_reach_the_tokenizer() -> None:
    def strict(text: str) -> int:
        return len(text.encode())

    cells = (Cell("a = '\ud800'"), Cell("# \udfff", "markdown"), Cell("b\ud800"))
    variables = (Variable("v\ud800", "str"),)
    context = ContextBuilder().build(Document(cells, 2, "x", "python", variables), "b\ud800", "", 500, strict)

    assert "".join(block.text for block in context.blocks).encode()


def test_names_known_at_the_cursor() -> None:
    document = replace(DOCUMENT, variables=(Variable("live", "DataFrame", columns=(("city", "object"),)),))
    prefix = "def area(width, height=2):\n    half = width / 2\n    return hal"
    names = _build(ContextBuilder(), prefix, "\n\nafter = 1\n", document=document).names

    assert {"np", "pd", "load", "prices", "total", "width", "half", "area", "after", "live", "len"} <= names.visible
    assert "path" not in names.visible
    assert not names.is_open
    assert names.columns == {"city"}
    assert names.parameters["load"] == ("path",)
    assert names.parameters["area"] == ("width", "height")
    assert names.enclosing == ("def area(width, height=2):",)


def test_names_are_open_after_a_star_import_and_in_other_languages() -> None:
    star = replace(DOCUMENT, cells=(Cell("from numpy import *"), *CELLS[1:]))

    assert _build(ContextBuilder(), "", document=star).names.is_open
    assert _build(ContextBuilder(), "", document=replace(DOCUMENT, language="julia")).names.is_open


def test_what_stands_on_the_cursor_line_is_known() -> None:
    assert {"item", "items"} <= _build(ContextBuilder(), "[item for item in items if it").names.visible


def test_the_language_is_that_of_the_cell() -> None:
    assert _build(ContextBuilder(), "%%sql\nSELECT ").language == "sql"
    assert _build(ContextBuilder(), "", document=replace(DOCUMENT, cell=3)).language == "markdown"
