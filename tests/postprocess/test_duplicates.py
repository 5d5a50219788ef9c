"""Lines that stand around the cursor already are not written again."""

from __future__ import annotations

import pytest
from drawn import site

from llama_assist.postprocess.duplicates import doubt_of_copies, duplicates


@pytest.mark.parametrize(
    ("drawn", "text", "kept"),
    [
        ("import foo\n│", "import foo\n\nx = foo.a()", "x = foo.a()"),
        ("if a:\n    b.foo()\n    │", "b.foo()\n    c.bar()", "c.bar()"),
        ("import foo\n│", "import foo", ""),
        ("a = load(1)\nb = load(2)\n│", "a = load(1)\nb = load(2)\nc = load(3)", "c = load(3)"),
        ("x = 1\na = load(1)\nb = load(2)\n│", "a = load(1)\nb = load(2)", ""),
        ("x = 1\n│\nplt.show()\n", "plt.plot(x)\nplt.show()", "plt.plot(x)"),
        ("x = 1\n│\n\n\nplt.show()\n", "plt.show()", ""),
        ("plt.│\nplt.show()\n", "show()", ""),
        ("x = 1\n│\nfoo(a,\n    b)\n", "foo(a,\n    c)", ""),
    ],
)
def test_a_duplicate_goes(drawn: str, text: str, kept: str) -> None:
    assert duplicates(site(drawn), text) == kept


@pytest.mark.parametrize(
    ("drawn", "text"),
    [
        ("foo(\n)\n│", ")"),
        ("a = load(1)\nb = load(2)\n│", "a = load(1)\nc = load(2)"),
        ("plt.figure()\nplt.│", "figure()"),
        ("if a:\n    return x\n│\n    return x\n", "elif b:"),
        ("x = 1\n│\n    return x\n", "return x"),
        ("import foo\n│", "import foobar"),
    ],
)
def test_what_only_looks_like_one_stays(drawn: str, text: str) -> None:
    assert duplicates(site(drawn), text) == text


def test_a_new_statement_that_the_cell_has_elsewhere_is_doubted() -> None:
    assert doubt_of_copies(site("plt.show()\nx = 1\n│"), "plt.show()") < 1.0
    assert doubt_of_copies(site("x = 1\n│\ny = 2\nplt.show()\n"), "plt.show()") < 1.0


def test_a_line_begun_by_the_user_may_be_a_copy() -> None:
    assert doubt_of_copies(site("plt.show()\nx = 1\nplt.│"), "show()") == 1.0


def test_an_item_of_a_list_may_be_a_copy() -> None:
    assert doubt_of_copies(site("x = [\n    foo(1),\n    bar(2),\n    │\n]\n"), "foo(1),") == 1.0


def test_several_lines_that_the_cell_has_already_are_hidden() -> None:
    above = "a = load(1)\nb = load(2)\n"
    assert doubt_of_copies(site(above + "# again\n│"), "a = load(1)\nb = load(2)") < 0.3
    assert doubt_of_copies(site("│\n" + above), "a = load(1)\nb = load(2)") < 0.3
    assert doubt_of_copies(site(above + "# again\n│"), "a = load(1)\nb = load(3)") == 0.5
