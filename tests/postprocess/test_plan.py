"""One line or a block, by the syntax at the cursor."""

from __future__ import annotations

import pytest
from drawn import site

from llama_assist.postprocess.plan import plan

BLOCKS = {
    "an empty cell": "│",
    "blank cell": "\n│\n",
    "only magics above": "%matplotlib inline\n!pip list\n│",
    "only a cell magic above": "%%time\n│",
    "header above": "for x in y:\n    │",
    "header on the line": "for x in y:│",
    "header over two lines": "def f(a,\n      b):│",
    "comment above": "x = 1\n# Plot the result\n│",
    "comment above, a gap below": "# Plot the result\n│\n\nx = 1\n",
    "decorator above": "@cache\n│",
    "only a docstring": 'def f():\n    """Doc."""\n    │',
    "header above, dedent below": "try:\n    │\nexcept ValueError:\n    pass\n",
}
LINES = {
    "after a statement": "x = 1\n│",
    "after a magic and a statement": "%%time\nx = 1\n│",
    "in an expression": "x = foo(│",
    "in brackets": "x = foo(\n    a,\n    │\n)",
    "mid-line": "x = │\n",
    "header with its body below": "for x in y:\n    │\n    print(x)\n",
    "header above, code goes on below": "# Plot\n│\nplt.show()\n",
    "start of a cell that has code": "│\nx = 1\n",
    "dictionary": "x = {'a':│",
    "before a line of code": "def f():\n    x = 1\n│    return x\n",
}


@pytest.mark.parametrize("drawn", BLOCKS.values(), ids=BLOCKS)
def test_a_block_is_wanted(drawn: str) -> None:
    assert plan(site(drawn)).shape == "block"


@pytest.mark.parametrize("drawn", LINES.values(), ids=LINES)
def test_one_line_is_wanted(drawn: str) -> None:
    assert plan(site(drawn)).shape == "line"


@pytest.mark.parametrize(
    ("drawn", "language"),
    [
        ("x = 1  # because │", "python"),
        ("x = '│'", "python"),
        ("We see that │", "markdown"),
        ("x <- 1 # because │", "r"),
    ],
)
def test_the_engine_stops_at_the_newline_where_nothing_but_the_line_can_be_wanted(drawn: str, language: str) -> None:
    assert "\n" in plan(site(drawn, language)).stop


@pytest.mark.parametrize("drawn", ["x = foo(│", "x = │", "│", 'x = """│', "print('│"])
def test_the_engine_goes_on_where_a_statement_may_take_several_lines(drawn: str) -> None:
    assert "\n" not in plan(site(drawn)).stop


@pytest.mark.parametrize(
    ("drawn", "language"),
    [
        ("function f(x) {│}", "javascript"),
        ("function f(x) {\n  │\n}", "javascript"),
        ("function f(x)\n    │", "julia"),
        ("for x in *; do\n  │", "bash"),
        ("%%sql\n│", "sql"),
        ("%%bash\n│\n", "bash"),
    ],
)
def test_other_languages_have_blocks_too(drawn: str, language: str) -> None:
    assert plan(site(drawn, language)).shape == "block"
