"""Cells that ran again after an edit: their earlier runs are no part of the notebook any more."""

from __future__ import annotations

from typing import Any


class Reruns:
    """The numbers of earlier runs, as far as the front end names its cells; a plain terminal does not."""

    def __init__(self) -> None:
        self.outdated: set[int] = set()
        self._latest: dict[str, int] = {}

    def note_result(self, result: Any) -> int | None:
        """Take in what IPython says at the end of a cell; return the number of the run that it takes the place of."""
        cell, number = getattr(result.info, "cell_id", None), result.execution_count
        if not isinstance(cell, str) or number is None:
            return None
        earlier = self._latest.get(cell)
        self._latest[cell] = number
        if earlier is None or earlier == number:
            return None
        self.outdated.add(earlier)
        return earlier
