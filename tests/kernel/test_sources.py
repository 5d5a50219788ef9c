"""Where a name comes from: the newest cell that defines it, cut down to the definition."""

from __future__ import annotations

import pytest

from llama_assist.kernel.history import read_history
from llama_assist.kernel.paths import is_path, resolve
from llama_assist.kernel.sources import find_definition, names_in, source_of

CELLS = [
    "",
    "import math\n\n@cache\ndef area(r):\n    return math.pi * r ** 2\n\nother = area(1)",
    "broken = (",
    "for i in range(3):\n    last = i",
    "class Shape:\n    pass",
    "def area(r): return r",
    "%%llama\nhow?",
]


@pytest.mark.parametrize(
    ("name", "number", "source"),
    [
        ("area", 5, "def area(r): return r"),
        ("other", 1, CELLS[1]),
        ("last", 3, CELLS[3]),
        ("Shape", 4, CELLS[4]),
    ],
)
def test_the_newest_definition_counts(name: str, number: int, source: str) -> None:
    found = find_definition(name, read_history(CELLS), str)
    assert found is not None
    assert (found.number, found.source) == (number, source)


def test_a_function_comes_with_its_decorators_and_the_imports_of_its_cell() -> None:
    found = find_definition("area", read_history(CELLS[:3]), str)
    assert found is not None
    assert found.source == "import math\n\n@cache\ndef area(r):\n    return math.pi * r ** 2"


def test_a_name_that_no_cell_defines_is_not_found() -> None:
    assert find_definition("math", read_history(CELLS), str) is None
    assert find_definition("broken", read_history(CELLS), str) is None


def test_what_a_library_defines_has_its_source_there() -> None:
    assert source_of(source_of).startswith("def source_of(")
    assert source_of(len) == ""
    assert source_of(3) == ""


def test_names_are_those_of_the_code() -> None:
    assert set(names_in("a = b.c + d['e'](f)  # g")) == {"a", "b", "d", "f"}
    assert names_in("a = (") == []


@pytest.mark.parametrize("text", ["x", "x.y", "x[0]", "x[-1]['a b'].y", 'x["k"]', "größe.y"])
def test_names_with_attributes_and_indices_are_paths(text: str) -> None:
    assert is_path(text)


@pytest.mark.parametrize("text", ["", "x()", "x.y()", "x[i]", "x[1:2]", "__x", "x.__class__", "x[0].__y", "x."])
def test_nothing_else_is_a_path(text: str) -> None:
    assert not is_path(text)


def test_a_path_that_leads_nowhere_is_a_lookup_error() -> None:
    for path in ("y", "x.y", "x[3]", "x['k']", "x()"):
        with pytest.raises(LookupError):
            resolve(path, {"x": [1]})
