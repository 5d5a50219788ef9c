from __future__ import annotations

from llama_assist.context.failure import failing_lines, failure_names, failure_text, known_cause
from llama_assist.types import Cell, Document, Failure, Variable

IPYTHON = """\
\x1b[31m---------------------------------------------------------------------------\x1b[39m
\x1b[31mKeyError\x1b[39m                                  Traceback (most recent call last)
\x1b[36mFile \x1b[39m\x1b[32m~/env/lib/python3.11/site-packages/pandas/core/indexes/base.py:3805\x1b[39m, in get()
   3804 try:
-> 3805     return self._engine.get_loc(casted_key)

The above exception was the direct cause of the following exception:

KeyError                                  Traceback (most recent call last)
Cell \x1b[32mIn[6]\x1b[39m, line 9
      7 def total(frame):
      8     return frame["a"]
----> \x1b[32m9\x1b[39m total(df)

Cell In[4], line 2, in total(frame)
      1 def total(frame):
----> 2     return frame["prize"].sum()

File ~/work/own.py:3, in helper()
----> 3     return inner()

File /usr/lib/python3/dist-packages/pandas/core/frame.py:4102, in DataFrame.__getitem__(self, key)
-> 4102 indexer = self.columns.get_loc(key)

KeyError: 'prize'
"""
PYTHON = """\
Traceback (most recent call last):
  File "/tmp/ipykernel_1/12.py", line 2, in <module>
    mean = total / count
           ~~~~~~^~~~~~~
  File "/usr/lib/python3.11/statistics.py", line 10, in f
    return inner
ZeroDivisionError: division by zero
"""


def test_only_the_users_own_lines_are_shown_and_what_the_error_says() -> None:
    shown = failure_text(Failure("KeyError", "'prize'", IPYTHON))

    assert shown == (
        '```\nIn the line: total(df)\nIn the line: return frame["prize"].sum()\n'
        "In the line: return inner()\nKeyError: 'prize'\n```"
    )


def test_a_traceback_of_plain_python_is_read_too() -> None:
    shown = failure_text(Failure("ZeroDivisionError", "division by zero", PYTHON))

    assert shown == "```\nIn the line: mean = total / count\nZeroDivisionError: division by zero\n```"


def test_an_error_without_traceback_or_message_is_its_name() -> None:
    assert failure_text(Failure("KeyboardInterrupt")) == "```\nKeyboardInterrupt\n```"


def test_a_long_message_is_cut_in_the_middle() -> None:
    shown = failure_text(Failure("ValueError", "begin " + "x" * 5000 + " end"))

    assert len(shown) < 400
    assert "begin" in shown
    assert shown.endswith("end\n```")


def test_the_failing_lines_are_found_where_they_stand_once() -> None:
    failure = Failure("KeyError", "'prize'", IPYTHON)

    assert failing_lines(failure, "df = load()\ntotal(df)\n") == [1]
    assert failing_lines(failure, "total(df)\ntotal(df)\n") == []
    assert failing_lines(failure, "other()\n") == []


def test_the_names_of_failing_lines_and_message_are_known() -> None:
    assert {"total", "df", "frame"} <= set(failure_names(Failure("KeyError", "'prize'", IPYTHON)))


def document(*sources: str, at: int, columns: tuple[str, ...] = ()) -> Document:
    variables = (Variable("df", "DataFrame", columns=tuple((name, "int64") for name in columns)),) if columns else ()
    return Document(tuple(Cell(source) for source in sources), at, variables=variables)


def test_a_column_that_is_not_there_is_a_known_cause() -> None:
    there = document("df['prize']", at=0, columns=("price", "shop"))

    assert known_cause(Failure("KeyError", "'prize'"), there) == (
        "There is no column `prize`. The columns of `df` are `price`, `shop`."
    )


def test_a_key_that_is_a_column_or_of_something_else_is_no_known_cause() -> None:
    assert not known_cause(Failure("KeyError", "'price'"), document("df['price']", at=0, columns=("price",)))
    assert not known_cause(Failure("KeyError", "'x'"), document("counts['x']", at=0, columns=("price",)))


def test_a_name_that_another_cell_defines_says_which_to_run() -> None:
    failure = Failure("NameError", "name 'rate' is not defined")

    assert known_cause(failure, document("rate = 2", "x = rate", at=1)) == (
        "`rate` is defined in cell 1, which has not run: run cell 1 first."
    )
    assert "stands below this cell" in known_cause(failure, document("x = rate", "rate = 2", at=0))
    assert known_cause(failure, document("x = rate", at=0)) == "No cell of the notebook defines `rate`."


def test_other_errors_are_left_to_the_model() -> None:
    assert not known_cause(Failure("TypeError", "no"), document("x", at=0))
