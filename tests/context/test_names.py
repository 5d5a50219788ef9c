"""Which names are known at the cursor, and when there may be others."""

from __future__ import annotations

import pytest
from context_golden import count

from llama_assist.context import ContextBuilder, Names
from llama_assist.types import Cell, Document, Variable


def names(*sources: str, prefix: str = "x = ", variables: tuple[Variable, ...] = ()) -> Names:
    """Return the names known in a cell below the others."""
    cells = (*map(Cell, sources), Cell(prefix))
    document = Document(cells, len(sources), "a.ipynb", "python", variables)
    return ContextBuilder().build(document, prefix, "", 100, count).names


@pytest.mark.parametrize("name", ["display", "get_ipython", "In", "Out", "_", "print", "__name__"])
def test_what_ipython_and_the_language_bring_is_known(name: str) -> None:
    assert name in names("a = 1").visible


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("%%capture out\nprint(1)", "out"),
        ("%%sql res <<\nselect 1", "res"),
        ("%%bash --out listing\nls", "listing"),
        ("%%bigquery prices --project p\nselect 1", "prices"),
        ("%R -o fitted", "fitted"),
        ("def f():\n    global total\n    total = 1", "total"),
    ],
)
def test_a_name_that_a_magic_or_a_function_makes_for_all_cells_is_known(source: str, name: str) -> None:
    found = names(source)
    assert name in found.visible
    assert not found.is_open


def test_the_magic_of_the_current_cell_counts_too() -> None:
    assert "out" in names(prefix="%%capture out\nx = ").visible


@pytest.mark.parametrize(
    "source",
    ["%pylab inline", "%run other.ipynb", "%store -r x", "%load_ext mine", "exec(code)", "from a import *"],
)
def test_where_a_cell_may_make_any_name_there_may_be_others(source: str) -> None:
    assert names(source).is_open
    assert names(prefix=source + "\nx = ").is_open


@pytest.mark.parametrize("source", ["%matplotlib inline", "%load_ext autoreload\n%autoreload 2", "x = 3 % run"])
def test_other_magics_make_no_names(source: str) -> None:
    assert not names(source).is_open
