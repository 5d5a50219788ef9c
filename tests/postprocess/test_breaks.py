"""A bracket that was forgotten above does not swallow the statements below it."""

from __future__ import annotations

import pytest
from drawn import site
from test_stopper import fed

from llama_assist.postprocess.finish import finish
from llama_assist.postprocess.lexer import scan
from llama_assist.postprocess.plan import plan

FORGOTTEN = {
    "an assignment": ("df = pd.read_csv('a.csv'\nx = df.│", "head()┃\ny = 2\n"),
    "a call": ("print(foo(1)\nbar.│", "baz()┃\ny = 2\n"),
    "an item that is set": ("print(foo(1)\ndf['a'] = │", "2┃\ny = 2\n"),
    "an assignment after a comma of a list": ("x = [a,  # (\ny = 2\nz = │", "foo()┃\nw = 2\n"),
    "a loop": ("print(foo(1)\n\nfor i in range(3):\n    │", "print(i)┃\n\nx = 3\n"),
    "a loop whose header is typed": ("print(foo(1)\nfor i in range(3):│", "\n    print(i)┃\nx = 3\n"),
    "a condition": ("print(foo(1)\nif x > 3:\n    │", "print(x)┃\nx = 3\n"),
    "a call in the same function": ("def f():\n    x = foo(1  # (\n    y = │", "2┃\n    return y\n"),
    "a call in another method": (
        "class A:\n    def f(self):\n        return foo([1\n\n    def g(self):\n        y = │",
        "2┃\n        return y\n",
    ),
    "broken parameters": ("def f(:\n    pass\n\ny = x.│", "foo┃\nz = 2\n"),
}
GOES_ON = {
    "a named argument without indentation": "foo(a,\nb = ",
    "an operand after an operator": "x = (a and\nb.c",
    "a comprehension": "x = [a\nfor a in b\nif a.c",
    "a condition with a slice": "x = [a\n     if a[1:",
    "a missing comma": "x = foo(\n    a\n    b = 1",
    "strings next to each other": "x = ('a'\nf'b'",
    "a comment in between": "foo(a,  # b\n# c\nd.e",
}


@pytest.mark.parametrize(("drawn", "drawn_text"), FORGOTTEN.values(), ids=FORGOTTEN)
def test_below_a_bracket_that_was_forgotten_a_statement_ends_where_it_ends(drawn: str, drawn_text: str) -> None:
    place = site(drawn)
    kept = drawn_text.partition("┃")[0]
    cut, so_far = fed(place, drawn_text.replace("┃", ""))
    assert cut is not None
    assert so_far[: cut.length].rstrip() == kept
    assert finish(place, plan(place), kept).text == kept


@pytest.mark.parametrize("text", GOES_ON.values(), ids=GOES_ON)
def test_what_may_go_on_inside_the_bracket_does(text: str) -> None:
    assert scan(text, "python").state != ()


def test_a_completion_that_forgets_a_bracket_ends_with_its_statement() -> None:
    cut, _ = fed(site("x = │"), "foo(a\ny = 2\n")
    assert cut is not None
    assert cut.length == len("foo(a")
