"""Where a completion ends, as soon as it can be known: `┃` is drawn where the stopper cuts what the model writes."""

from __future__ import annotations

import re

import pytest
from drawn import site, written

from llama_assist.postprocess.extent import Cut
from llama_assist.postprocess.plan import plan
from llama_assist.postprocess.site import Site
from llama_assist.postprocess.stopper import Stopper

CASES = {
    "end of the statement": ("x = │", "foo(1)┃\ny = 2\n"),
    "a call over several lines": ("x = foo(│", "\n    a,\n    b,\n)┃\ny = 2\n"),
    "a string over several lines": ("x = │", '"""a\n\nb"""┃\ny = 2\n'),
    "blank lines and comments lead to the statement": ("x = 1\n│", "\n# Now y\ny = 2┃\nz = 3\n"),
    "a line that repeats the one above leads to the statement": ("import foo\n│", "import foo\n\nx = foo.a()┃\ny\n"),
    "lines that repeat those above lead to the statement": (
        "a = load(1)\nb = load(2)\n│",
        "a = load(1)\nb = load(2)\nc = load(3)┃\nd = 1\n",
    ),
    "a line that only begins as those above is the statement": (
        "a = load(1)\nb = load(2)\n│",
        "a = load(1)┃\nc = load(2)\n",
    ),
    "a statement that begins as one above goes on": (
        "try:\n    foo()\nexcept A:\n    pass\n│",
        "\ntry:\n    bar()\nexcept A:\n    pass┃\nx = 1\n",
    ),
    "nothing on a finished line": ("x = 1│", "┃\ny = 2\n"),
    "the bracket that the suffix closes": ("foo(│)\nbar()", "a, b(1)┃)\nbar()"),
    "brackets that the suffix closes, in an f-string": ('print(f"{a.b(│):.1f}")', "x, 'y'┃):.2f}\")\n"),
    "the quote that the suffix closes": ("x = foo('│')", "data.csv┃', sep=';')\n"),
    "a closer that nobody opened": ("x = 1 + │", "2┃)\n"),
    "a line of a call that goes on below": ("foo(a, │\n    c=3)\n", "b=2,┃\n    c=4)\n"),
    "a bracket closed and opened again": ("(a * │\n    c=1)\n", "b).foo(┃\n    d=2)\n"),
    "a line that opens what the suffix closes": ("x = │\n    [1],\n)\n", "foo.select(┃\n    [2],\n)\n"),
    "the line below": ("x = 1\n│\nz = foo(1, 2)\n", "# So\n\n┃z = foo(1, 2)\n"),
    "a header whose body is below": ("for │\n    print(x)\n", "x in y:┃\n    print(x, y)\n"),
    "a header without body gets one": ("x = 1\n│\n", "for a in b:\n    print(a)\n\n    c()┃\nz = 1\n"),
    "and its clauses": ("│\nx = 1\n", "if a:\n    b()\nelif c:\n    d()\nelse:\n    e()┃\nz()\n"),
    "a decorated function": ("x = 1\n│", "@cache\ndef f():\n    return 1┃\nf()\n"),
    "dedent below the block": ("for x in y:\n    │", "a(x)\n\n    if b:\n        c()\n    d()┃\nz()\n"),
    "dedent below a header typed on the line": ("def f(x):│", "\n    return x┃\nf(1)\n"),
    "a clause of the header above": ("try:\n    │\nexcept A:\n    pass\n", "a()┃\nexcept B:\n    pass\n"),
    "end of the paragraph": ("# Load the data\n│", "x = load()\ny = x.z┃\n\n# Plot it\nplot(y)\n"),
    "code after a function": ("│", "def f():\n    return 1\n\n    # more┃\nf()\n"),
    "a clause after a blank line": ("# So\n│", "if a:\n    b()\n\nelse:\n    c()\n┃\nd()\n"),
    "one body in an empty cell": ("│", "import a\n\n┃import b\n"),
    "a line three times": ("# Print\n│", "print(a)\n┃print(a)\nprint(a)\n"),
    "a group of lines twice": ("# Print\n│", "a = foo(a)\nprint(a)\n┃a = foo(a)\nprint(a)\n"),
    "a phrase four times": ("foo(│", "a, thin=10┃, thin=10, thin=10, thin=10"),
    "a fence": ("# Plot\n│", "plt.show()┃\n```\nThis shows"),
    "a comment": ("x = 1  # because │", "it is one┃\ny = 2\n"),
    "a line of a docstring": ('def f():\n    """│\n    """\n', "Return one.┃\n\n    More.\n"),
    "blank lines only": ("x = 1\n│", "┃\n\n\n\n"),
}


def fed(place: Site, text: str) -> tuple[Cut | None, str]:
    """Return the cut and what had been written when it came, word by word."""
    stopper = Stopper(place, plan(place))
    so_far = ""
    for piece in re.findall(r"\w+|[ \t]+|\n|[^\w\s]", text):
        so_far += piece
        if (cut := stopper.feed(so_far)) is not None:
            return cut, so_far
    return None, so_far


@pytest.mark.parametrize(("drawn", "drawn_text"), CASES.values(), ids=CASES)
def test_the_completion_is_cut(drawn: str, drawn_text: str) -> None:
    text = written(drawn_text)
    kept = text.partition("┃")[0]
    cut, so_far = fed(site(drawn), text.replace("┃", ""))
    assert cut is not None
    assert so_far[: cut.length].rstrip() == kept.rstrip()
    assert cut.reason


@pytest.mark.parametrize(("drawn", "drawn_text"), CASES.values(), ids=CASES)
def test_the_whole_text_at_once_is_cut_at_the_same_place(drawn: str, drawn_text: str) -> None:
    text = drawn_text.replace("┃", "")
    place = site(drawn)
    cut = Stopper(place, plan(place)).feed(text)
    assert cut is not None
    assert text[: cut.length].rstrip() == drawn_text.partition("┃")[0].rstrip()


def test_a_cut_comes_with_the_first_token_that_is_too_much() -> None:
    _, so_far = fed(site("for x in y:\n    │"), "a(x)\nz()\nmore()\n")
    assert so_far == "a(x)\nz"


@pytest.mark.parametrize(
    ("drawn", "text"),
    [
        ("x = │", "foo(1, 2)"),
        ("x = foo(│", "\n    a,\n    b,"),
        ("for x in y:\n    │", "a(x)\n    if b:\n        c()\n\n"),
        ("│", "# Load\nimport a\nx = a.b"),
        ("foo(│)", "a, b(c)"),
        ("data = [│", "0, 0, 0, 0, 0, 0, 0, 0,"),
    ],
)
def test_what_is_wanted_goes_on(drawn: str, text: str) -> None:
    assert fed(site(drawn), text)[0] is None


@pytest.mark.parametrize(
    ("language", "drawn", "drawn_text"),
    [
        ("markdown", "The data │", "are old┃\nand more"),
        ("markdown", "The data │", "are old.┃ They come from"),
        ("markdown", "1. Load the data\n│", "2. Fit the model┃\n3. Plot it\n"),
        ("markdown", "We use several tools, │", "e.g. pandas and Numpy.┃ They are fast.\n"),
        ("markdown", "See Fig│", ". 3 for details.┃ There it is.\n"),
        ("markdown", "It is by J. │", "Smith et al. and others.┃ We thank\n"),
        ("markdown", "We use version 3│", ".5 of it.┃ It is new\n"),
        ("markdown", "# Steps\n│", "\nWe load the data.┃ Then we fit.\n"),
        ("markdown", "# Steps│", "\n\nWe load the data┃\nand fit\n"),
        ("markdown", "We load the data.│", "┃\n\nThen we fit.\n"),
        ("html", "%%html\n│", "<p>Hello. World</p>┃\n<p>"),
        ("text", "%%writefile a.yaml\nname: │", "My app. It is.┃\nversion: 1\n"),
        ("javascript", "const f = (x) => {│}", "\n  return x;┃\n}\nf();\n"),
        ("javascript", "function f(x) {\n  │", "return x;\n}┃\nf();\n"),
        ("javascript", "const x = │", "f(1);┃\nf(2);\n"),
        ("r", "x <- │", "df %>%\n  head()┃\ny <- 2\n"),
        ("julia", "function f(x)\n    │", "y = x + 1\n    return y\nend┃\nf(1)\n"),
        ("bash", "for x in *; do\n  │", 'echo "$x"\ndone┃\nls\n'),
        ("sql", "select a, │", "b from c┃\nselect 1\n"),
        ("sql", "select a, │", "b\nfrom c\nwhere d = 1;┃\nfoo\n"),
        ("sql", "select a, │", "b\nfrom c┃\n\nfoo\n"),
        ("sql", "select a, │\nfrom c\n", "b┃\nfrom d\n"),
        ("sql", "%%sql\nselect a,│", "\n  b\nfrom c;┃\n\nfoo\n"),
        ("r", "df %>%│", "\n  head()┃\ny <- 2\n"),
        ("sql", "%%sql\n│", "-- All\nselect a,\n  b\nfrom c┃\n\nselect 2\n"),
        ("sql", "%%sql\nselect a\nfrom │", "b\nunion all\nselect c from d;┃\nselect 2\n"),
        ("unheard-of", "x = │", "foo(1)┃\ny\n"),
    ],
)
def test_other_languages_end_their_lines_and_blocks(language: str, drawn: str, drawn_text: str) -> None:
    cut, so_far = fed(site(drawn, language), drawn_text.replace("┃", ""))
    assert cut is not None
    assert so_far[: cut.length].rstrip() == drawn_text.partition("┃")[0].rstrip()
