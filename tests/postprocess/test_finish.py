"""The filters together: what is shown of a completion, how sure it is, and what touched it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from math import log
from pathlib import Path

import pytest
from drawn import site
from hypothesis import given, settings
from hypothesis import strategies as st

import llama_assist.postprocess
from llama_assist.postprocess.finish import FILTERS, Verdict, finish
from llama_assist.postprocess.plan import plan
from llama_assist.postprocess.site import Site
from llama_assist.postprocess.stopper import Stopper

SOURCES = sorted(Path(llama_assist.postprocess.__file__).parent.glob("*.py"))
LANGUAGES = ("python", "r", "julia", "javascript", "typescript", "sql", "bash", "cpp", "markdown", "unheard-of")
SHREDS = ("(", ")", "[", "{", "}", '"', "'", '"""', "f'", "#", "\\", "\n", "    ", "\t", "def f(", ":", "x", ",", " ")
BROKEN = st.lists(st.sampled_from([*SHREDS, "%%time", "!ls", "//", "/*", "`", "é", "\ud800", "end"])).map("".join)


def judged(place: Site, text: str, **options: bool | float) -> Verdict:
    return finish(place, plan(place), text, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("drawn", "text", "left", "touched"),
    [
        ("x = │\n", "foo(1)", "foo(1)", ()),
        ("foo(│)", "a, b)\nbar()\n", "a, b", ("stop",)),
        ("import foo\n│", "import foo\n\nx = foo.a(b", "x = foo.a(b)", ("duplicates", "syntax")),
        ("ax.scatter(│\n    c='red')\nax.b()", "x, y, c='red')\nax.b()", "x, y,", ("stop", "overlap")),
        ("def f():\n    x = 1\n│    return x\n", "    y = 2\n    return y\n", "    y = 2\n", ("stop",)),
        ("if x:\n│", "foo()", "    foo()", ("indentation",)),
        ("foo(a│)\n", " b", "", ("syntax",)),
        ("s = f'{x│'", ".y}'", ".y}", ("stop",)),
        ("s = f'{x(│'", "y)}'", "y)}", ("stop",)),
        ("x = a if │ else b", "c else b", "c", ("overlap",)),
    ],
)
def test_filters_follow_one_another(drawn: str, text: str, left: str, touched: tuple[str, ...]) -> None:
    verdict = judged(site(drawn), text)
    assert verdict.text == left
    assert verdict.touched == touched


def test_a_sure_completion_is_shown_and_an_unsure_one_hidden_unless_asked_for() -> None:
    place = site("x = │")
    sure, unsure = [("foo", log(0.9))], [("foo", log(0.1))]
    assert finish(place, plan(place), "foo", sure).shown
    hidden = finish(place, plan(place), "foo", unsure)
    assert not hidden.shown
    assert hidden.reason == "low confidence"
    assert finish(place, plan(place), "foo", unsure, is_manual=True).shown
    assert finish(place, plan(place), "foo", unsure, threshold=0.0).shown


def test_a_short_completion_is_hidden_unless_asked_for() -> None:
    assert judged(site("foo(a│"), ")").reason == "too short"
    assert judged(site("foo(a│"), ")", is_manual=True).shown


def test_nothing_is_never_shown() -> None:
    verdict = judged(site("foo(a│)\n"), " b", is_manual=True)
    assert not verdict.shown
    assert verdict.reason == "nothing left"


def test_a_repaired_completion_is_less_sure() -> None:
    place = site("x = │")
    assert finish(place, plan(place), "foo(a, b").confidence < finish(place, plan(place), "foo(a, b)").confidence


def test_an_unknown_name_is_told() -> None:
    verdict = judged(site("x = │", names=frozenset({"foo"})), "bar")
    assert verdict.touched == ("names",)
    assert verdict.confidence < 1.0


def test_what_the_token_limit_cut_is_trimmed() -> None:
    place = site("│")
    assert finish(place, plan(place), "import a\nb = a.so", is_unfinished=True).text == "import a"
    assert finish(place, plan(place), "import a\nb = a.so").text == "import a\nb = a.so"


@pytest.mark.parametrize("name", [name for name, _ in FILTERS])
def test_each_filter_can_be_left_out(name: str) -> None:
    place = site("import foo\n│\nbar()\n")
    assert name not in finish(place, plan(place), "import foo\n\n  x = (foo\nbar()", without=(name,)).touched


def holes(source: str, chance: random.Random) -> Iterator[tuple[str, str, str]]:
    """Yield (prefix, hole, suffix): the rest of a line from some place in it."""
    lines = source.split("\n")
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if len(line) > indent + 2 and not line.lstrip().startswith(("#", '"')):
            at = chance.choice([indent, chance.randrange(indent + 1, len(line))])
            above, below = "\n".join([*lines[:number], ""]), "\n".join(["", *lines[number + 1 :]])
            yield above + line[:at], line[at:], below


@pytest.mark.parametrize("path", SOURCES, ids=[path.stem for path in SOURCES])
def test_what_is_right_stays_as_it_is_and_ends_where_it_ends(path: Path) -> None:
    chance = random.Random(path.stem)
    for prefix, hole, suffix in holes(path.read_text(encoding="utf-8"), chance):
        place = Site(prefix, suffix)
        stopper = Stopper(place, plan(place))
        text = ""
        for piece in re.findall(r"\w+|[ \t]+|\n|[^\w\s]", hole + suffix)[:400]:
            text += piece
            if (cut := stopper.feed(text)) is not None:
                text = text[: cut.length]
                break
        verdict = judged(place, text)
        assert verdict.text.rstrip() == hole.rstrip(), (prefix[-200:], hole)


@settings(max_examples=300, deadline=None)
@given(prefix=BROKEN, suffix=BROKEN, text=BROKEN, language=st.sampled_from(LANGUAGES), cut_short=st.booleans())
def test_no_text_breaks_the_filters(prefix: str, suffix: str, text: str, language: str, cut_short: bool) -> None:
    place = Site(prefix, suffix, language, names=frozenset({"x"}), parameters={"f": ("x",)})
    verdict = finish(place, plan(place), text, [(text, -0.5)], is_unfinished=cut_short)
    assert 0.0 <= verdict.confidence <= 1.0
    assert verdict.shown == (not verdict.reason)


@settings(max_examples=100, deadline=None)
@given(prefix=BROKEN, suffix=BROKEN, text=BROKEN, language=st.sampled_from(LANGUAGES))
def test_a_cut_lies_within_the_text(prefix: str, suffix: str, text: str, language: str) -> None:
    place = Site(prefix, suffix, language)
    cut = Stopper(place, plan(place)).feed(text)
    assert cut is None or 0 <= cut.length <= len(text)
