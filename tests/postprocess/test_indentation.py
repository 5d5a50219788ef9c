"""Lines stand where their block has them, in the cell's own style, and indentation is never lost."""

from __future__ import annotations

import pytest
from drawn import site

from llama_assist.postprocess.indentation import indent

REPAIRED = {
    "a first line that is too deep": ("if x:\n    │", "    foo()\n        bar()", "foo()\n    bar()"),
    "no body where a header asks for one": ("for x in y:\n│", "foo(x)", "    foo(x)"),
    "the body's column is that of the lines below": ("if x:\n│\n  b()\n", "a()", "  a()"),
    "a tab as the cell has": ("if x:\n\ty()\nif z:\n│", "foo()", "\tfoo()"),
    "steps of two": ("if x:\n  y()\n│", "if z:\n    foo()\n    bar()", "if z:\n  foo()\n  bar()"),
    "nested steps of two": ("if x:\n  y()\n│", "for a in b:\n    if a:\n        c()", "for a in b:\n  if a:\n    c()"),
    "steps of a tab": ("if x:\n\ty()\n│", "if z:\n    foo()", "if z:\n\tfoo()"),
    "blank lines before": ("if x:\n    y()\n    │", "\n    foo()", "foo()"),
    "a column that no block has": ("if x:\n    y()\n│", "  foo()", "foo()"),
}
KEPT = {
    "a body": ("for x in y:\n│", "    foo(x)\n    bar(x)"),
    "a body of two": ("if x:\n  y()\nfor x in y:\n│", "  foo(x)"),
    "after a body": ("def f():\n    x = 1\n│", "    return x"),
    "a dedent": ("def f():\n    x = 1\n│", "f()"),
    "a header between a header and its deeper body": ("for x in y:\n│\n        foo(x)\n", "    if x:"),
    "aligned arguments": ("if x:\n  y()\n│", "foo(a,\n    b)"),
    "in brackets": ("foo(\n    │", "    a,\n        b)"),
    "in a string": ('if x:\n  y = """│', 'a\n      b"""'),
    "in the middle of a line": ("x = │", "  1"),
}


@pytest.mark.parametrize(("drawn", "text", "repaired"), REPAIRED.values(), ids=REPAIRED)
def test_indentation_is_repaired(drawn: str, text: str, repaired: str) -> None:
    assert indent(site(drawn), text) == repaired


@pytest.mark.parametrize(("drawn", "text"), KEPT.values(), ids=KEPT)
def test_good_indentation_stays(drawn: str, text: str) -> None:
    assert indent(site(drawn), text) == text
