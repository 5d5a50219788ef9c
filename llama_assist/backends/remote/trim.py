"""What is taken off the text of a remote answer: from a stop string on, and what stands before the cursor already."""

from __future__ import annotations

from collections.abc import Sequence

_LEAST_REPEAT = 3  # characters; fewer that agree are chance


class StopCut:
    """Ends a stream of text before the first of `stops`, wherever its pieces are cut."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""

    def feed(self, text: str) -> tuple[str, bool]:
        """Return what may go out, and whether a stop string was met; its possible beginning is held back."""
        self._held += text
        found = [position for position in map(self._held.find, self._stops) if position >= 0]
        if found:
            text, self._held = self._held[: min(found)], ""
            return text, True
        keep = max((_overlap(self._held, stop) for stop in self._stops), default=0)
        cut = len(self._held) - keep
        text, self._held = self._held[:cut], self._held[cut:]
        return text, False

    def rest(self) -> str:
        """Return what was held back, when the answer is over."""
        text, self._held = self._held, ""
        return text


class DivergedError(Exception):
    """The answer does not begin as it must."""


class HeadCut:
    """Takes off the `head` that an answer must begin with, because it stands in the document already."""

    def __init__(self, head: str) -> None:
        self._head = head
        self._held = ""

    def feed(self, text: str) -> str:
        """Return what follows the head; raise `DivergedError` as soon as the text is another."""
        if not self._head:
            return text
        self._held += text
        if self._held.startswith(self._head):
            text, self._head = self._held[len(self._head) :], ""
            return text
        if not self._head.startswith(self._held):
            raise DivergedError
        return ""

    def end(self) -> None:
        """Raise `DivergedError` if the answer ended within the head."""
        if self._head:
            raise DivergedError


class RepeatCut:
    """Takes off the start of an answer what it repeats of the end of `before`, the text that it goes on from."""

    def __init__(self, before: str) -> None:
        self._before = before
        self._held = ""

    def feed(self, text: str) -> str:
        """Return what may go out; it is held back as long as it may be a repetition."""
        if not self._before:
            return text
        self._held += text
        return "" if self._held in self._before else self.rest()

    def rest(self) -> str:
        """Return what is new of what was held back."""
        length = _overlap(self._before, self._held + "\0")
        text = self._held[length if length >= _LEAST_REPEAT else 0 :]
        self._before = self._held = ""
        return text


def _overlap(text: str, beginning: str) -> int:
    """Return how many characters at the end of `text` are a beginning, not the whole, of `beginning`."""
    most = min(len(text), len(beginning) - 1)
    return next((length for length in range(most, 0, -1) if text.endswith(beginning[:length])), 0)
