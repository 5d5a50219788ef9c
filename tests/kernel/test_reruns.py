"""A cell that is edited and run again counts once, under its new number, and its old error is gone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from IPython.core.interactiveshell import InteractiveShell

from llama_assist.kernel.session import Session


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    yield InteractiveShell.instance()
    InteractiveShell.clear_instance()


@pytest.fixture
def session(shell: InteractiveShell) -> Iterator[Session]:
    session = Session(shell)
    session.listen()
    yield session
    session.stop()


def run(shell: InteractiveShell, source: str, cell: str | None) -> None:
    shell.run_cell(source, store_history=True, cell_id=cell)


def sources(session: Session) -> list[str]:
    return [cell.source for cell in session.history().cells]


def test_an_edited_cell_counts_once(shell: InteractiveShell, session: Session) -> None:
    for source, cell in (("x = 1", "a"), ("y = 2", "b"), ("x = 3", "a")):
        run(shell, source, cell)
    assert sources(session) == ["y = 2", "x = 3"]


def test_without_names_of_cells_every_run_counts(shell: InteractiveShell, session: Session) -> None:
    for source in ("x = 1", "x = 3"):
        run(shell, source, None)
    assert sources(session) == ["x = 1", "x = 3"]


def test_the_error_of_a_cell_that_was_mended_by_hand_is_gone(shell: InteractiveShell, session: Session) -> None:
    run(shell, "1 / 0", "a")
    assert session.failures.last is not None
    run(shell, "1 / 1", "a")
    assert session.failures.last is None


def test_an_emptied_cell_is_gone(shell: InteractiveShell, session: Session) -> None:
    run(shell, "x = 1", "a")
    run(shell, "%llama status", "a")
    assert sources(session) == []
