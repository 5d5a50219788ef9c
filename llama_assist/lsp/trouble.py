"""What is wrong at the moment: told once, not at every key, and not tried again by itself before it may have passed."""

from __future__ import annotations

import time
from collections.abc import Callable

from llama_assist.errors import AssistError, BusyError, SupersededError

QUIET_SECONDS = 300.0  # between two messages of one kind
RETRY_SECONDS = 3.0  # of silence after trouble, but for what the user asks for by a key


class Trouble:
    """`show` gets the sentences for the user."""

    def __init__(self, show: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._show = show
        self._clock = clock
        self._open: set[str] = set()
        self._told: dict[str, float] = {}
        self._resume = 0.0

    def report(self, error: AssistError, *, always: bool = False) -> None:
        """Take in an error, and with `always` tell it in any case; a request that a newer one replaced is none."""
        if isinstance(error, SupersededError):
            return
        now = self._clock()
        self._resume = now + (error.retry_after if isinstance(error, BusyError) else RETRY_SECONDS)
        is_recent = now - self._told.get(error.code, -QUIET_SECONDS) < QUIET_SECONDS
        if always or (error.code not in self._open and not is_recent):
            self._told[error.code] = now
            self._show(str(error))
        self._open.add(error.code)

    def is_over(self) -> None:
        """Take in that a request was answered."""
        self._open.clear()
        self._resume = 0.0

    @property
    def is_worth_trying(self) -> bool:
        """Whether a request that nobody asked for by a key may be sent."""
        return self._clock() >= self._resume
