"""The one way to report how far a fetch has come."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with a stage such as `download`, and how many of how many bytes (or files) are done."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report; must return quickly."""
        ...


def ignore(stage: str, done: int, total: int) -> None:
    """Report to nobody."""
