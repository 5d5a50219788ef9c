"""How many requests each of several people has running: one who asks much does not keep the others waiting."""

from __future__ import annotations

from collections import Counter

from llama_assist.errors import BusyError


class Quota:
    """Counts what runs. A user without a name is the only one, and not counted."""

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()

    def take(self, user: str, limit: int) -> bool:
        """Count one more and return whether it must be given back; raise `BusyError` at the limit (0: none)."""
        if not user or not limit:
            return False
        if self._running[user] >= limit:
            raise BusyError(f"You have {self._running[user]} requests waiting or running already; try again soon.")
        self._running[user] += 1
        return True

    def give_back(self, user: str) -> None:
        """Count one less."""
        self._running[user] -= 1
        if not self._running[user]:
            del self._running[user]
