from __future__ import annotations

import pytest

from llama_assist.context.outline import Outline, outline
from llama_assist.syntax import grammar, parse


def _outline(source: str, language: str = "python") -> Outline:
    return outline(parse(source, language))


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("x = 1", {"x": "variable"}),
        ("a, (b, c) = f()", {"a": "variable", "b": "variable", "c": "variable"}),
        ("[first, *rest] = f()", {"first": "variable", "rest": "variable"}),
        ("for i, (a, (b, c)) in f():\n    pass", {"i": "variable", "a": "variable", "b": "variable", "c": "variable"}),
        ("with f() as (fig, [ax]):\n    pass", {"fig": "variable", "ax": "variable"}),
        ("def f():\n    global total\n    total = 1", {"f": "function", "total": "global"}),
        ("match x:\n    case [a, *b] | P(c, d=e) as g:\n        pass", dict.fromkeys("abceg", "variable")),
        ("match x:\n    case {'k': v, **rest} if v:\n        pass", dict.fromkeys(["v", "rest"], "variable")),
        ("type X = int", {"X": "variable"}),
        ("import numpy as np, os.path", {"np": "import", "os": "import"}),
        ("from a.b import c, d as e", {"c": "import", "e": "import"}),
        ("def f(x):\n    y = 1\n", {"f": "function"}),
        ("class A:\n    z = 1\n", {"A": "class"}),
        ("for i, row in f():\n    pass", {"i": "variable", "row": "variable"}),
        ("with open(p) as file:\n    pass", {"file": "variable"}),
        ("try:\n    f()\nexcept E as error:\n    pass", {"error": "variable"}),
        ("if (n := f()):\n    m = n", {"n": "variable", "m": "variable"}),
        ("total: int = 0", {"total": "variable"}),
        ("df['a'] = 1\ndf.b = 2", {}),
        ("[y for y in z]", {}),
    ],
)
def test_a_cell_defines_its_top_level_names(source: str, names: dict[str, str]) -> None:
    assert {name: each.kind for name, each in _outline(source).definitions.items()} == names


@pytest.mark.parametrize(
    ("source", "uses"),
    [
        ("y = x + 1\nz = y", ("x",)),
        ("df = df.dropna()", ("df",)),
        ("df = f()\ndf = df.dropna()", ("f",)),
        ("g(a.b.c, key=d)", ("g", "a", "d")),
        ("def f(x, y=outer):\n    z = x + other\n    return z", ("outer", "other")),
        ("def f():\n    return later\nlater = 1", ()),
        ("[x * k for x in xs]", ("k", "xs")),
        ("lambda a, *b, c=d: a + b[0] + c + e", ("d", "e")),
        ("for i in items:\n    print(i)", ("items", "print")),
        ("x = 1\nx += y", ("y",)),
        ("import a\na.b()", ()),
        ("@decorated\nclass A(Base):\n    def m(self):\n        return self.x", ("decorated", "Base")),
        ("%time r = run(d)", ("run", "d")),
        ("f(b, a)\nf(b)", ("a", "f", "b")),
        ("def f[T: Base](x: T) -> T:\n    return x", ("Base",)),
        ("match x:\n    case P(a, key=b):\n        print(a, b)", ("x", "print")),
    ],
)
def test_uses_are_the_names_that_come_from_elsewhere_the_last_used_last(source: str, uses: tuple[str, ...]) -> None:
    assert _outline(source).uses == uses


def test_signatures_have_the_docstring_and_a_class_its_members() -> None:
    source = (
        "@cached\ndef load(path: str,\n         limit=3, *, strict: bool = True) -> Table:\n"
        '    """Read a table.\n\n    More."""\n    return 1\n'
        'class Point(Base):\n    """A point."""\n    x: float\n    y: float = 0\n'
        "    def move(self, by):\n        def inner(): pass\n        return by\n"
    )

    first, second = _outline(source).signatures

    assert first.text == "def load(path: str, limit=3, *, strict: bool = True) -> Table: ...  # Read a table."
    assert first.parameters == ("path", "limit", "strict")
    assert second.text.split("\n") == [
        "class Point(Base):",
        "    x: float",
        "    y: float = 0",
        "    def move(self, by): ...",
    ]


@pytest.mark.parametrize("source", ["def f(a, **rest): pass", "def f(*rest): pass"])
def test_parameters_are_unknown_where_any_can_be_given(source: str) -> None:
    assert _outline(source).signatures[0].parameters is None


def test_imports_stand_on_one_line_with_their_names() -> None:
    (found,) = _outline("from a import (\n    b,\n    c as d,\n)\n").imports

    assert found.text == "from a import ( b, c as d, )"
    assert found.names == ("b", "d")


def test_a_star_import_leaves_names_open() -> None:
    assert _outline("from a import *").is_open
    assert not _outline("from a import b").is_open


def test_statements_are_whole_lines_with_the_comments_above_them() -> None:
    source = "# why\nx = 1; y = 2\n\n# then\n# more\nif x:\n    z = 3\n# end"
    found = _outline(source)

    assert [source[each.start : each.end] for each in found.statements] == [
        "# why\nx = 1; y = 2",
        "# then\n# more\nif x:\n    z = 3",
        "# end",
    ]
    assert [sorted(each.defines) for each in found.statements] == [["x", "y"], ["z"], []]


@pytest.mark.parametrize(
    ("language", "source", "defines", "uses"),
    [
        ("r", "f <- function(x) x + k\ny = f(z)\n", {"f", "y"}, {"k", "z"}),
        ("julia", "f(x) = x\nfunction g(a)\n  a + k\nend\ny = g(z)\n", {"f", "g", "y"}, {"k", "z"}),
        ("javascript", "const f = (x) => x + k;\nlet y = f(z);\n", {"f", "y"}, {"k", "z"}),
        ("typescript", "function f(x: number): T { return x + k }\n", {"f"}, {"k", "T"}),
        ("cpp", "int f(int x) { int q = x; return k; }\nint y = f(z);\n", {"f", "y"}, {"k", "z"}),
        ("bash", "X=1\necho $X $Y\n", {"X"}, {"Y"}),
        ("sql", "CREATE TABLE t (a INT);\nSELECT a FROM t JOIN u ON t.a = u.a;\n", {"t"}, {"u"}),
    ],
)
def test_other_languages_have_an_outline_too(language: str, source: str, defines: set[str], uses: set[str]) -> None:
    if grammar(language) is None:
        pytest.skip(f"the grammar of {language} is not installed")
    found = _outline(source, language)

    assert set(found.definitions) == defines
    assert uses <= set(found.uses)
    assert not defines & set(found.uses)


def test_text_without_a_grammar_has_an_empty_outline() -> None:
    assert _outline("MOVE A TO B.", "cobol").statements == ()
