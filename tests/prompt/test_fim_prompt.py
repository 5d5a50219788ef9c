"""The inline prompt: what a key changes comes last, and the window over the cell moves in big steps."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_assist.prompt.fim import WINDOW_STEPS, FimForm, Window, build_prompt, cut_window, find_form
from llama_assist.types import ModelInfo, Prompt, Special


def count(text: str) -> int:
    """Words are tokens."""
    return len(text.split())


def model(family: str, bos_token: str = "") -> ModelInfo:
    return ModelInfo("m", family, 512, bos_token=bos_token)


def lines(num: int, words: int = 2) -> str:
    return "".join(" ".join([f"line{number}", *["word"] * (words - 1)]) + "\n" for number in range(num))


WINDOW = Window("above\n", "typed", "\nbelow")


def test_a_trained_family_gets_prefix_suffix_middle_and_typed_text_last() -> None:
    prompt = build_prompt(model("qwen2.5-coder"), "context\n", WINDOW)
    marks = [Special(f"<|fim_{name}|>") for name in ("prefix", "suffix", "middle")]
    assert prompt == Prompt((marks[0], "context\nabove\n", marks[1], "\nbelow", marks[2]), "typed")


def test_a_family_that_was_trained_so_gets_the_suffix_first() -> None:
    prompt = build_prompt(model("mellum"), "", WINDOW)
    marks = [Special(f"<fim_{name}>") for name in ("suffix", "prefix", "middle")]
    assert prompt.segments == (marks[0], "\nbelow", marks[1], "above\n", marks[2])


def test_an_untrained_family_gets_the_prefix_alone() -> None:
    assert build_prompt(model("llama", "<s>"), "", WINDOW) == Prompt((Special("<s>"), "above\n"), "typed")


def test_the_first_token_comes_first() -> None:
    assert build_prompt(model("code-llama", "<s>"), "", WINDOW).segments[0] == Special("<s>")


def test_empty_parts_are_left_out_but_their_marks_stay() -> None:
    prompt = build_prompt(model("qwen2.5-coder"), "", Window("", "", ""))
    assert prompt.segments == tuple(Special(f"<|fim_{name}|>") for name in ("prefix", "suffix", "middle"))


def test_the_plain_layout_cuts_at_the_cursor() -> None:
    prompt = build_prompt(model("qwen2.5-coder"), "", WINDOW, layout="plain")
    assert prompt.segments[1] == "above\ntyped"
    assert prompt.typed == ""


@pytest.mark.parametrize(
    "family",
    ["qwen2.5-coder", "code-llama", "deepseek-coder", "starcoder", "granite-code", "codegemma", "mellum"],
)
def test_every_known_family_has_all_its_marks(family: str) -> None:
    form = find_form(family)
    assert form.is_trained
    assert form.prefix
    assert form.suffix
    assert form.middle
    assert form.stops


def test_nothing_is_guessed_for_an_unknown_family() -> None:
    assert find_form("unheard-of") == FimForm("none")
    assert not find_form("unheard-of").is_trained


def test_the_current_line_is_what_is_typed() -> None:
    window = cut_window("a = 1\nb = a", " + 1\nc = 2\n", 100, count)
    assert window == Window("a = 1\n", "b = a", " + 1\nc = 2\n")
    assert cut_window("a = 1\n", "", 100, count) == Window("a = 1\n", "", "")
    assert cut_window("", "", 100, count) == Window("", "", "")


def test_the_current_line_stays_whole_whatever_the_budget() -> None:
    typed = "word " * 50
    window = cut_window("above\n" + typed, "rest of line\nbelow", 10, count)
    assert window == Window("", typed, "rest of line\n")


@given(st.text("ab \n", max_size=60), st.text("ab \n", max_size=60), st.integers(0, 40))
def test_a_window_is_cut_from_its_cell_and_never_altered(prefix: str, suffix: str, budget: int) -> None:
    window = cut_window(prefix, suffix, budget, count)
    assert prefix.endswith(window.prefix + window.typed)
    assert suffix.startswith(window.suffix)
    above = prefix.removesuffix(window.prefix + window.typed)
    assert above == "" or above.endswith("\n")
    assert "\n" not in window.typed


def test_the_start_of_the_window_stays_while_a_whole_step_is_written() -> None:
    starts = []
    for num in range(40, 140):
        window = cut_window(lines(num), "", 120, count)
        starts.append(int(window.prefix.split()[0].removeprefix("line")))
        assert count(window.prefix) <= 120
    assert set(starts) == {0, 32, 64, 96}
    assert sum(before != after for before, after in pairwise(starts)) == 3


def test_where_a_step_would_leave_nothing_a_smaller_one_is_taken() -> None:
    """Thirty long lines are fewer than one step; the nearest must still be seen."""
    window = cut_window(lines(30, words=20), "", 300, count)
    assert window.prefix.startswith("line16 ")
    window = cut_window(lines(30, words=20), "", 65, count)
    assert window.prefix.startswith("line27 ")
    assert WINDOW_STEPS == (32, 8, 1)


def test_of_the_suffix_a_short_head_is_shown() -> None:
    window = cut_window("x", lines(50), 100, count)
    assert window.suffix == lines(7)  # 15 of the 100 tokens, in whole lines
