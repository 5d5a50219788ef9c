from __future__ import annotations

from pathlib import Path

import pytest
from context_golden import EXPECTED, build, cases, draw


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.stem)
def test_the_blocks_are_those_of_the_golden_file(case: Path) -> None:
    assert draw(build(case)) == case.read_text(encoding="utf-8").split(EXPECTED)[1]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.stem)
def test_the_blocks_keep_to_the_budget_of_the_golden_file(case: Path) -> None:
    budget = int(case.read_text(encoding="utf-8").split("budget ")[1].split()[0])

    assert 0 < build(case).tokens <= budget
