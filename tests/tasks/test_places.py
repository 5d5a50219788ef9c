"""Words can be put into their places whatever the model writes there, and the code stays what it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_assist.postprocess.sameness import changes_code
from llama_assist.tasks.places import missing_words, present_words
from llama_assist.tasks.steps import Step, filled_in

SOURCES = {
    "functions": "def f(x):\n    return x\n\nclass C:\n    def g(self):\n        # why\n        return 'a'\n",
    "steps": "import os\nx = [1]\ny = x[0]\n\nz = (y +\n     1)\nprint(z)\n",
    "magics": "%%time\n%matplotlib inline\nx = f(1)\n!ls\n",
    "documented": '"""Top."""\ndef f(x):\n    """Does.\n\n    More words\n    """\n    return x  # back\n',
    "one line": "def f(x): return x\n",
    "odd": "def f(\n    a,\n    b=':',  # sign\n):\n    if a:\n        return b\n",
    "tabs": "def f(x):\n\tif x:\n\t\treturn 1\n",
    "unicode": "# ünï 你好\ndef größe(x):\n    return '你好' + x\n",
    "broken": "def f(x\n    return\nx = (1\n",
}
WORDS = [
    "Say so.",
    'A """quote""" and \'\'\' too',
    "back\\slash \\",
    "two\nlines",
    "",
    "   ",
    "# mark",
    "{x}",
    "```",
    '"',
]


def filled(steps: tuple[Step, ...], words: str) -> str:
    """Return the code of a form whose every hole the model fills with `words`."""
    text = "".join(step.text + (step.finished(words, is_cut=False) if step.tokens else "") for step in steps)
    return text.split("\n", 1)[1].rpartition("\n```")[0]


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())
@pytest.mark.parametrize("words", WORDS)
def test_whatever_the_model_writes_the_code_stays(source: str, words: str) -> None:
    for places in (missing_words(source, "python"), present_words(source, "python")):
        assert not changes_code(source, filled(filled_in(source, "python", places, 9), words), "python")


@given(st.sampled_from(sorted(SOURCES)), st.text())
def test_no_text_of_a_model_changes_code(name: str, words: str) -> None:
    source = SOURCES[name]
    for places in (missing_words(source, "python"), present_words(source, "python")):
        assert not changes_code(source, filled(filled_in(source, "python", places, 9), words), "python")


def test_functions_and_classes_without_a_docstring_get_one() -> None:
    source = SOURCES["functions"]
    text = filled(filled_in(source, "python", missing_words(source, "python"), 9), "Says it.")

    assert text == (
        'def f(x):\n    """Says it."""\n    return x\n\nclass C:\n    """Says it."""\n'
        '    def g(self):\n        """Says it."""\n        # why\n        return \'a\'\n'
    )


def test_steps_get_a_comment_above_and_imports_and_prints_of_names_do_not() -> None:
    source = "import os\n\nrows = load(os.sep)\nkept = rows[1:]\n\nbest = max(kept)\nbest\n"
    text = filled(filled_in(source, "python", missing_words(source, "python"), 9), "Why")

    assert text == "import os\n\n# Why\nrows = load(os.sep)\nkept = rows[1:]\n\n# Why\nbest = max(kept)\nbest\n"


def test_what_is_documented_has_no_missing_words() -> None:
    assert missing_words('def f(x):\n    """Does."""\n    return x\n', "python") == []


def test_each_line_of_words_is_translated_on_its_own() -> None:
    source = SOURCES["documented"]
    words = [source[place.start : place.end] for place in present_words(source, "python")]

    assert words == ["Top.", "Does.", "More words", "back"]


def test_words_without_an_answer_stay_as_they_are() -> None:
    source = SOURCES["documented"]

    assert filled(filled_in(source, "python", present_words(source, "python"), 9), "") == source


def test_strings_are_no_words() -> None:
    assert present_words("x = 'Wort'\nprint('Wort')\n", "python") == []


@pytest.mark.parametrize(("language", "source"), [("r", "x <- c(1)  # eins\n"), ("julia", "x = f(1) # eins\n")])
def test_other_languages_have_comments_too(language: str, source: str) -> None:
    assert [source[place.start : place.end] for place in present_words(source, language)] == ["eins"]


def test_an_unknown_language_has_no_places() -> None:
    assert missing_words("MOVE A TO B.", "cobol") == []
