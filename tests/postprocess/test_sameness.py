from __future__ import annotations

import pytest

from llama_assist.postprocess.sameness import begins_as, changes_code, is_same, may_become, plain_lines

CELL = "import numpy as np\n\nx = np.ones(3)  # three\nprint(x)\n"


def test_comments_blank_lines_and_trailing_space_make_no_difference() -> None:
    other = "# all new\nimport numpy as np\nx = np.ones(3)\n\n\nprint(x)   "

    assert is_same(CELL, other, "python")


@pytest.mark.parametrize("other", ["x = np.ones(4)", "import numpy as np\nx = np.ones(3)", CELL + "y = 1"])
def test_other_code_is_not_the_same(other: str) -> None:
    assert not is_same(CELL, other, "python")


def test_indentation_and_marks_in_strings_count() -> None:
    assert not is_same("if a:\n    b()\n    c()", "if a:\n    b()\nc()", "python")
    assert plain_lines("x = '# no comment'", "python") == ["x = '# no comment'"]


def test_another_language_has_its_own_comments() -> None:
    assert is_same("x <- 1 # one", "x <- 1", "r")
    assert not is_same("x <- 1 // one", "x <- 1", "r")


def test_text_in_an_unknown_language_is_compared_line_by_line() -> None:
    assert is_same("a\n\nb ", "a\nb", "cobol")
    assert not is_same("a # b", "a", "cobol")


def test_a_text_that_has_left_the_path_can_never_become_the_whole() -> None:
    assert may_become("import numpy as np\nx = np.on", CELL, "python")
    assert may_become("# note\nimport numpy as np\n\n", CELL, "python")
    assert not may_become("import numpy as np\nx = np.zeros(3)\n", CELL, "python")


def test_every_beginning_of_a_text_may_become_it() -> None:
    for length in range(len(CELL) + 1):
        assert may_become(CELL[:length], CELL, "python")


def test_code_begins_as_the_lines_that_it_repeats() -> None:
    assert begins_as(CELL, "import numpy as np\nx = np.ones(3)\n", "python")
    assert not begins_as("import numpy as np\n", CELL, "python")


@pytest.mark.parametrize(
    "after",
    [
        "def f(x):\n    '''Say x.'''\n    return x + 1  # more",
        "def f( x ):\n\n    return (x + 1)",
    ],
)
def test_docstrings_comments_and_layout_change_no_code(after: str) -> None:
    assert not changes_code("def f(x):\n    return x + 1", after, "python")


@pytest.mark.parametrize(
    "after",
    [
        "def f(x):\n    return x + 2",
        "def f(y):\n    return y + 1",
        "def f(x):\n    return x + 1\nf(1)",
        "def f(x):\n    return x +",
        "",
    ],
)
def test_anything_else_changes_code(after: str) -> None:
    assert changes_code("def f(x):\n    return x + 1", after, "python")


def test_the_magics_of_a_cell_are_code() -> None:
    assert not changes_code("%matplotlib inline\nx = 1", "%matplotlib inline\n# one\nx = 1", "python")
    assert changes_code("%matplotlib inline\nx = 1", "x = 1", "python")
    assert changes_code("!ls a", "!ls b", "python")


def test_code_that_python_cannot_read_is_compared_by_its_lines() -> None:
    assert not changes_code("def f(:\n  x", "def f(:\n  x  # why", "python")
    assert changes_code("def f(:\n  x", "def f(:\n  y", "python")
