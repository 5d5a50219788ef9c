"""The words behind the magics: what is read of them, and the one line that says what is wrong."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from llama_assist.magic.completion import candidates
from llama_assist.magic.options import TASKS, cell_ranges, help_text, is_numbers, parse, split


def test_tasks_arguments_and_options_stand_in_any_order() -> None:
    options = parse("translate --to x 'Brazilian Portuguese' --seed -3 2,4-6 --no-context", is_cell=False)
    assert (options.task, options.args) == ("translate", ["Brazilian Portuguese", "2,4-6"])
    assert (options.to, options.seed, options.no_context) == ("x", -3, True)


def test_a_cell_without_a_task_asks_and_a_line_without_one_helps() -> None:
    assert parse("--seed 1", is_cell=True).task == "ask"
    assert parse("", is_cell=False).task == "help"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("3", (3,)), ("3-5", (3, 4, 5)), ("2,4-6", (2, 4, 5, 6)), ("4-4,4", (4, 4)), ("1, 2", (1, 2))],
)
def test_cells_are_numbers_and_ranges(text: str, numbers: tuple[int, ...]) -> None:
    assert tuple(number for found in cell_ranges(text) for number in found) == numbers


@pytest.mark.parametrize("text", ["", "0", "-1", "5-3", "1-", "x", "1,,2", "1-99999999", "²", "1.5", "1--2"])
def test_other_words_are_no_cells(text: str) -> None:
    assert not is_numbers(text)


@pytest.mark.parametrize(
    "line",
    [
        "explian",
        "--nonsense",
        "--max-tokens 0",
        "--max-tokens many",
        "--temperature -1",
        "--temperature nan",
        "--seed x",
        "--seed",
        "--cells 5-3",
        "--vars a-b",
        "--to 3x",
        "--values",
        "fix --raw",
        "fix --new",
        "ask --download",
        "status now",
        "--max 5",
    ],
)
def test_a_wrong_word_is_one_line_that_shows_the_right_form(line: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(line, is_cell=True)
    words = str(caught.value)
    assert "\n" not in words
    assert len(words) < 300
    assert "Write: " in words or "--to needs" in words


def test_the_error_of_a_task_shows_the_form_of_that_task() -> None:
    with pytest.raises(UsageError, match=r"Write: %llama translate LANGUAGE"):
        parse("translate German --nonsense", is_cell=True)


def test_the_help_names_every_task_and_option_and_fits_a_terminal() -> None:
    text = help_text()
    for word in (*TASKS, "--to", "--cells", "--values", "--download"):
        assert f"  {word}" in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize(
    ("before", "offered", "not_offered"),
    [
        ([], {"explain", "--to"}, {"df"}),
        (["explain"], {"df", "--cells"}, {"ask"}),
        (["ask", "--vars"], {"df"}, {"ask", "--to"}),
        (["ask", "--model"], {"tiny"}, {"df"}),
        (["model"], {"tiny"}, {"df"}),
        (["translate"], {"--to"}, {"df"}),
        (["translate", "German"], {"df"}, {"ask"}),
        (["fix", "--code"], {"--to"}, {"--code"}),
    ],
)
def test_what_may_follow_is_offered(before: list[str], offered: set[str], not_offered: set[str]) -> None:
    found = set(candidates(before, ["df"], lambda: ["tiny"]))
    assert offered <= found
    assert not not_offered & found


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ask What's in \"the list\" of d['a']?", ["ask", "What's", "in", '"the list"', "of", "d['a']?"]),
        ("ask --vars 'df, model' why", ["ask", "--vars", "df, model", "why"]),
        ("summarize d['a']", ["summarize", "d['a']"]),
        ("summarize 'my file.txt'", ["summarize", "my file.txt"]),
        ("summarize C:\\data\\a.txt", ["summarize", "C:\\data\\a.txt"]),
        ('translate "Brazilian Portuguese" 3 --to \'x', ["translate", "Brazilian Portuguese", "3", "--to", "'x"]),
        ("ask '", ["ask", "'"]),
        ("explain '", ["explain", "'"]),
    ],
)
def test_quotes_hold_words_together_and_stay_in_a_question(line: str, words: list[str]) -> None:
    assert split(line) == words
