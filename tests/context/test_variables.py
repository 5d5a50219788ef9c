from __future__ import annotations

import pytest
from context_golden import count

from llama_assist.context.variables import choose, columns, describe
from llama_assist.types import Variable

FRAME = Variable("df", "DataFrame", (1200, 5), columns=(("a", "int64"), ("b", "float64")))


@pytest.mark.parametrize(
    ("variable", "line"),
    [
        (FRAME, "# df: DataFrame[1200x5] columns: a int64, b float64"),
        (Variable("x", "ndarray", (3, 4), "float32"), "# x: ndarray[3x4] float32"),
        (Variable("n", "int"), "# n: int"),
        (Variable("f", "function", signature="(a, b=1)"), "# f(a, b=1): function"),
        (Variable("s", "Series", (9,), columns=(("price", ""),)), "# s: Series[9] columns: price"),
        (Variable("bad\nname", "str\n"), "# bad name: str"),
    ],
)
def test_a_variable_is_one_comment_line(variable: Variable, line: str) -> None:
    assert describe(variable, "python") == line


def test_the_comment_is_that_of_the_language() -> None:
    assert describe(Variable("n", "int"), "sql") == "-- n: int"


def test_very_many_columns_are_bounded_at_a_whole_name() -> None:
    wide = Variable("w", "DataFrame", (1, 500), columns=tuple((f"column_{i}", "float64") for i in range(500)))
    line = describe(wide, "python")

    assert len(line) < 450
    assert line.endswith("float64, ...")


def test_used_variables_come_first_when_room_is_short_and_the_order_stays() -> None:
    variables = (Variable("a", "int"), FRAME, Variable("b", "int"), Variable("np", "module"))

    assert choose(variables, {"b"}, "python", 1_000, count) == ["# a: int", describe(FRAME, "python"), "# b: int"]
    assert choose(variables, {"b"}, "python", 7, count) == ["# b: int"]


def test_columns_of_all_variables() -> None:
    assert columns([FRAME, Variable("n", "int")]) == {"a", "b"}
