from __future__ import annotations

import pytest

from llama_assist.context.focus import defining_cells, find_focus, focus_blocks
from llama_assist.context.whole import cells_before, reduced_notebook, whole_notebook
from llama_assist.types import Cell, CellType, Document, Variable

SOURCES = [
    "import numpy as np\nimport os",
    "raw = np.arange(100)",
    "def clean(values):\n    return values[values > 0]",
    "unrelated = 'nothing'",
    "kept = clean(raw)",
    "print(kept.mean())",
]


def count(text: str) -> int:
    return len(text.split())


def notebook(at: int, sources: list[str] = SOURCES, **more: object) -> Document:
    return Document(tuple(Cell(source) for source in sources), at, **more)  # type: ignore[arg-type]


def test_the_cells_that_define_what_a_cell_uses_are_shown_in_their_order() -> None:
    blocks = focus_blocks(find_focus(notebook(4)), 500, count)

    assert [block.cells for block in blocks if block.kind == "cell"] == [(1,), (2,), (3,)]
    assert blocks[0].text == "The notebook has imported:\n```python\nimport numpy as np\n```"


def test_the_cell_itself_and_cells_below_that_define_nothing_are_not_shown() -> None:
    shown = {cell for block in focus_blocks(find_focus(notebook(4)), 500, count) for cell in block.cells}

    assert not shown & {4, 5}


def test_who_defines_what_is_known() -> None:
    assert defining_cells(find_focus(notebook(4))) == {1: ["raw"], 2: ["clean"]}


def test_only_variables_that_are_used_are_shown() -> None:
    variables = (Variable("raw", "ndarray", (100,), "int64"), Variable("other", "int"))
    blocks = focus_blocks(find_focus(notebook(4, variables=variables)), 500, count)

    (shown,) = [block.text for block in blocks if block.kind == "variables"]
    assert "raw" in shown
    assert "other" not in shown


def test_names_of_an_error_count_as_used() -> None:
    blocks = focus_blocks(find_focus(notebook(5), ["unrelated"]), 500, count)

    assert (3,) in [block.cells for block in blocks]


@pytest.mark.parametrize("budget", [0, 5, 17, 40, 90, 1000])
@pytest.mark.parametrize("at", [0, 4, 5])
def test_no_context_is_larger_than_its_budget(budget: int, at: int) -> None:
    long = [*SOURCES, "\n".join(f"value_{number} = clean(raw) * {number}" for number in range(200))]
    document = notebook(at, long, variables=(Variable("raw", "ndarray"), Variable("kept", "ndarray")))

    for blocks in (
        focus_blocks(find_focus(document), budget, count),
        cells_before(document, budget, count),
        reduced_notebook(document, budget, count, outputs=True),
    ):
        assert sum(count(block.text) for block in blocks) <= budget
        assert sum(block.tokens for block in blocks) <= budget


def test_the_whole_notebook_is_every_cell_that_holds_anything() -> None:
    cells = (Cell("# Title", "markdown"), Cell(" "), Cell("x = 1", outputs=("\x1b[31m1\x1b[0m",)))

    assert [block.text for block in whole_notebook(Document(cells), count, outputs=True)] == [
        "Cell 1:\n```markdown\n# Title\n```",
        "Cell 3:\n```python\nx = 1\n```",
        "Output of cell 3:\n```\n1\n```",
    ]


def test_a_notebook_that_is_too_long_keeps_something_of_each_cell() -> None:
    body = "\n".join(f"    step_{number} = {number} + {number}" for number in range(60))
    cells = [Cell(f"def task_{number}():\n{body}\n    return {number}") for number in range(6)]
    blocks = reduced_notebook(Document((Cell("# Plan", "markdown"), *cells)), 200, count)

    assert [block.cells for block in blocks] == [(number,) for number in range(7)]
    assert "def task_3()" in blocks[4].text


def test_the_cells_before_one_are_the_nearest_that_fit() -> None:
    blocks = cells_before(notebook(4), 22, count)

    assert blocks[-1].cells == (4,)
    assert [block.cells[0] for block in blocks] == list(range(5 - len(blocks), 5))


def test_text_with_fences_of_its_own_stays_in_its_fence() -> None:
    (block,) = whole_notebook(Document((Cell("```\nx\n```", "markdown"),)), count)

    assert block.text == "Cell 1:\n````markdown\n```\nx\n```\n````"


@pytest.mark.parametrize("cell_type", ["markdown", "raw"])
def test_a_cell_without_code_can_be_the_focus(cell_type: CellType) -> None:
    document = Document((Cell("x = 1"), Cell("Some words", cell_type)), 1)

    assert focus_blocks(find_focus(document), 100, count) is not None
