"""The inline prompt: what a key changes comes last, and the window over the cell moves in big steps."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llama_assist.errors import InvalidRequestError
from llama_assist.prompt.fim import FimForm, build_prompt, find_form, windows
from llama_assist.prompt.window import FAR, Window, cut_window
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


def test_other_orders_can_be_asked_of_a_model_with_marks() -> None:
    prompt = build_prompt(model("qwen2.5-coder"), "", WINDOW, layout="spm")
    marks = [Special(f"<|fim_{name}|>") for name in ("suffix", "prefix", "middle")]
    assert prompt == Prompt((marks[0], "\nbelow", marks[1], "above\n", marks[2]), "typed")
    assert build_prompt(model("qwen2.5-coder"), "", WINDOW, layout="none").segments == ("above\n",)


def test_a_model_without_marks_has_no_order_of_them() -> None:
    with pytest.raises(InvalidRequestError, match="no marks"):
        build_prompt(model("llama"), "", WINDOW, layout="spm")


def test_an_untrained_family_can_be_shown_the_suffix_before_the_prefix() -> None:
    (commented,) = build_prompt(model("llama"), "context\n", WINDOW, layout="comment").segments
    assert commented == "context\n# What follows further below:\n# below\n\nabove\n"
    (gap,) = build_prompt(model("llama"), "context\n", WINDOW, layout="placeholder").segments
    assert isinstance(gap, str)
    assert gap.startswith("context\nabove\ntyped# TODO: your code here\nbelow\n")
    assert gap.endswith("belongs there:\nabove\n")


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


def test_of_the_current_line_only_one_with_far_too_much_is_cut_in_itself() -> None:
    long = "word " * 8
    assert cut_window("above\n" + long, "rest of line\nbelow", 40, count).typed == long
    data = "x = [" + "0, " * 30_000
    window = cut_window("above\n" + data, ", ".join("0" * 30_000) + "\nbelow", 200, count)
    assert data.endswith(window.typed)
    assert count(window.prefix + window.typed) + count(window.suffix) <= 200


def test_the_start_of_a_line_that_is_cut_stays_while_it_is_typed() -> None:
    line = "x = [" + "0, " * 3_000
    windows_of = [cut_window(line[: 5_000 + end], "", 200, count).typed for end in range(100)]
    assert len({5_000 + end - len(typed) for end, typed in enumerate(windows_of)}) <= 2


def test_a_window_within_blocks_begins_with_the_lines_that_open_them() -> None:
    body = "".join(f"        step({number})\n" for number in range(100))
    window = cut_window(f"import os\nclass Model:\n    def fit(self, data):\n{body}        ", "", 60, count)
    assert window.prefix.startswith("class Model:\n    def fit(self, data):\n        step(")
    assert window.left_out.startswith("import os\n")


def test_on_an_empty_line_the_first_window_goes_without_what_follows() -> None:
    form = find_form("qwen2.5-coder")
    window = Window("a = 1\n", "  ", "\nprint(a)")
    assert [each.suffix for each in windows(window, form)] == ["", "\nprint(a)"]
    assert windows(Window("a = 1\n", "b", "\nprint(a)"), form) == (Window("a = 1\n", "b", "\nprint(a)"),)
    assert len(windows(window, find_form("llama"))) == 1


@given(st.text("ab \n", max_size=60), st.text("ab \n", max_size=60), st.integers(0, 40))
def test_a_window_is_cut_from_its_cell_and_never_altered(prefix: str, suffix: str, budget: int) -> None:
    window = cut_window(prefix, suffix, budget, count)
    line = prefix.rfind("\n") + 1
    assert prefix.endswith(window.typed)
    assert prefix[:line] == window.left_out + window.prefix
    assert suffix.startswith(window.suffix)
    assert "\n" not in window.typed


def starts(texts: list[str], budget: int) -> list[int]:
    """Return where the window of each text begins."""
    return [len(text) - len(cut_window(text, "", budget, count).prefix) for text in texts]


def test_the_start_of_the_window_moves_in_big_steps_only() -> None:
    texts = [lines(num) for num in range(40, 140)]
    found = starts(texts, 120)

    assert found == sorted(found)
    assert {count(text[:start]) for text, start in zip(texts, found, strict=True)} == {0, 54, 108, 162}


@pytest.mark.parametrize("seed", range(5))
def test_right_after_a_step_the_window_still_has_half_of_its_budget(seed: int) -> None:
    """Lines of one to twenty tokens, so that neither lines nor characters tell how many tokens there are."""
    chooser = random.Random(seed)
    text, texts = "", []
    for _ in range(300):
        text += " ".join(["a" * chooser.randint(1, 12)] * chooser.randint(1, 20)) + "\n"
        texts.append(text)
    found = starts(texts, 400)
    kept = [count(text[start:]) for text, start in zip(texts, found, strict=True)]

    assert found == sorted(found)
    assert all(200 <= after <= 400 for after, start in zip(kept, found, strict=True) if start > 0)
    assert len(set(found)) <= 2 + count(text) // 180


def test_typing_a_line_leaves_the_window_or_moves_it_on_by_a_step() -> None:
    above, typed = lines(57), ""
    found = []
    for _ in range(40):
        window = cut_window(above + typed, "", 120, count)
        assert count(window.prefix) + count(window.typed) <= 120
        found.append(len(above) - len(window.prefix))
        typed += "word "
    assert found == sorted(found)
    assert len(set(found)) == 2


def test_of_long_lines_the_nearest_are_still_seen() -> None:
    assert cut_window(lines(30, words=20), "", 300, count).prefix.startswith("line21 ")
    assert cut_window(lines(30, words=20), "", 65, count).prefix.startswith("line28 ")
    assert cut_window(lines(30, words=20), "", 10, count).prefix == ""


def test_of_an_endless_cell_only_the_end_is_counted() -> None:
    read = 0

    def listen(text: str) -> int:
        nonlocal read
        read += len(text)
        return count(text)

    text = lines(100_000, words=3)
    window = cut_window(text, "", 400, listen)

    assert 200 <= count(window.prefix) <= 400
    assert text.endswith(window.prefix)
    assert read < 3 * FAR


def test_of_the_suffix_a_short_head_is_shown() -> None:
    window = cut_window("x", lines(50), 100, count)
    assert window.suffix == lines(7)  # 15 of the 100 tokens, in whole lines
