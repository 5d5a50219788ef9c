from __future__ import annotations

import pytest

from llama_assist.syntax import cell_language, parse
from llama_assist.syntax.ipython import neutralise


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("%matplotlib inline\n", "0                 \n"),
        ("x = 1\n%load_ext a\ny = 2\n", "x = 1\n0          \ny = 2\n"),
        ("!pip install x\n", "0             \n"),
        ("files = !ls\n", "files = 0  \n"),
        ("who = %who\n", "who = 0   \n"),
        ("%time x = f(y)\n", "0    ;x = f(y)\n"),
        ("%timeit -n 10 -r3 f(x)\n", "0                ;f(x)\n"),
        ("df.head?\n", "df.head \n"),
        ("df??\n", "df  \n"),
        ("?df\n", "+df\n"),
        ("%%time\nx = 1\n", "0     \nx = 1\n"),
        ("if x:\n    !ls \\\n  -l\n    y = 1\n", "if x:\n    0    \n    \n    y = 1\n"),
        ("%cd O'Brien\nx = 1\n", "0          \nx = 1\n"),
        ("f(a\n%matplotlib inline\n", "f(a\n0                 \n"),
    ],
)
def test_ipython_syntax_becomes_python_of_the_same_length(source: str, expected: str) -> None:
    assert neutralise(source.encode(), "python") == expected.encode()


@pytest.mark.parametrize(
    "source",
    [
        "x = (a\n     % b)\n",
        "text = '''\n%d items\n!important\n'''\n",
        "x = a % b\ny = a != b\n",
        "print('really?')\n",
        "total = a \\\n    % b\n",
        "# what is this?\n",
        "x = 1  # %time\n",
    ],
)
def test_python_is_left_as_it_is(source: str) -> None:
    assert neutralise(source.encode(), "python") == source.encode()


def test_offsets_stay_equal_when_a_magic_holds_wide_characters() -> None:
    source = "!echo é漢🎉\nx = 1\n"
    parsed = parse(source, "python")

    assert parsed.tree is not None
    assert not parsed.has_error
    assert parsed.offset_of(parsed.tree.root_node.children[-1].start_byte) == source.index("x")


@pytest.mark.parametrize(
    ("source", "language"),
    [
        ("%%sql\nselect 1", "sql"),
        ("\n %%bash -e\nls", "bash"),
        ("%%R -i df\nplot(df)", "r"),
        ("%%javascript\n1", "javascript"),
        ("%%html\n<b>", "html"),
        ("%%markdown\n# x", "markdown"),
        ("%%script bash\nls", "bash"),
        ("%%script --bg python3\nx", "python"),
        ("%%writefile a/b.py\nx", "python"),
        ("%%writefile notes.txt\nx", "text"),
        ("%%time\nx", "python"),
        ("%%timeit -n 3\nx", "python"),
        ("%%capture out\nx", "python"),
        ("%%something_else\nx", "python"),
        ("x = 1\n%%sql\n", "python"),
    ],
)
def test_a_cell_magic_names_the_language(source: str, language: str) -> None:
    assert cell_language(source, "ipython3") == language


def test_a_magic_means_nothing_in_another_kernel() -> None:
    assert cell_language("%%sql\nselect 1", "R") == "r"


def test_the_line_of_a_cell_magic_is_no_part_of_the_other_language() -> None:
    parsed = parse("%%sql result <<\nSELECT a FROM t;\n", "sql")

    assert parsed.tree is not None
    assert not parsed.has_error
