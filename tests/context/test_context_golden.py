from __future__ import annotations

from pathlib import Path

import pytest
from context_golden import build, draw
from golden_files import cases, expected, read


@pytest.mark.parametrize("case", cases("context"), ids=lambda case: case.stem)
def test_the_blocks_are_those_of_the_golden_file(case: Path) -> None:
    assert draw(build(case)) == expected(case)


@pytest.mark.parametrize("case", cases("context"), ids=lambda case: case.stem)
def test_the_blocks_keep_to_the_budget_of_the_golden_file(case: Path) -> None:
    assert 0 < build(case).tokens <= int(read(case).settings["budget"])
