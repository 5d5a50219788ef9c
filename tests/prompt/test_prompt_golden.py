"""Where the cursor stands decides what the model is shown last, and what its answer must begin with."""

from __future__ import annotations

from pathlib import Path

import pytest
from golden_files import cases, expected, read
from prompt_golden import build, draw, prompts

PLACES = (
    "inside_an_identifier",
    "inside_a_string",
    "after_a_dot",
    "inside_call_parentheses",
    "at_the_start_of_an_indented_line",
    "at_the_start_of_an_empty_cell",
)


def test_every_kind_of_place_is_drawn() -> None:
    assert set(PLACES) <= {case.stem for case in cases("prompt")}


@pytest.mark.parametrize("case", cases("prompt"), ids=lambda case: case.stem)
def test_the_prompt_is_that_of_the_golden_file(case: Path) -> None:
    assert draw(build(case)) == expected(case)


@pytest.mark.parametrize("case", cases("prompt"), ids=lambda case: case.stem)
def test_typing_the_line_only_adds_to_the_end_of_the_prompt(case: Path) -> None:
    drawn = read(case)
    line = drawn.prefix.rfind("\n") + 1
    ends = [end for end in range(line, len(drawn.prefix) + 1) if drawn.prefix[line:end].strip()]
    typed = prompts(drawn, [drawn.prefix[:end] for end in ends])

    assert [prompt.typed for prompt in typed] == [drawn.prefix[line:end] for end in ends]
    assert all(prompt.segments == typed[0].segments for prompt in typed)
