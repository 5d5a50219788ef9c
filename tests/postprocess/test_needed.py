"""What the code below misses is known by name, where all names are known."""

from __future__ import annotations

import pytest
from drawn import site

from llama_assist.postprocess.needed import lead

NAMES = frozenset({"df", "pd", "print", "len"})


@pytest.mark.parametrize(
    ("drawn", "text", "start"),
    [
        ("x = 1\n│\nprint(total)", "", "total ="),
        ("x = 1\n│\nprint(total)", "print(x)", "total ="),
        ("x = 1\n│\nprint(total)", "total = x", ""),
        ("x = 1\n│\nprint(x)", "", ""),
        ("x = 1\n│", "", ""),
        ("def f(a):\n    │\n    return total", "", "total ="),
        ("def f(a):\n│\n    return total", "", "    total ="),
        ("def f(a):\n│    return total", "", "    total ="),
        ("def f(a):\n    │\n    return a", "", ""),
        ("x = │\nprint(total)", "1", ""),
        ("x = [\n    │\n]\nprint(total)", "1", ""),
        ("(│)\nprint(total)", "", ""),
        ("│\nplot(df)\nprint(total)", "", ""),
        ("│\nfor i in range(3):\n    print(i, total)", "", ""),
        ("│\nfor i in df:\n    print(i, total)", "", "total ="),
        ("│\ntotal.sum()", "", "total ="),
        ("'''│\nprint(total)'''", "", ""),
    ],
)
def test_the_first_name_that_the_code_below_misses_begins_a_statement(drawn: str, text: str, start: str) -> None:
    assert lead(site(drawn, names=NAMES), text) == start


def test_nothing_is_missed_where_other_names_may_exist() -> None:
    assert lead(site("│\nprint(total)"), "") == ""


def test_a_language_that_assigns_in_another_way_has_no_lead() -> None:
    assert lead(site("│\nprint(total)", language="bash", names=NAMES), "") == ""
