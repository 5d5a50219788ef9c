"""Suggestions made lately: what is typed into one, letter by letter, needs no model."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

SIZE = 64
_CLOSERS = frozenset(")]}\"'`")


@dataclass(frozen=True, slots=True)
class Spot:
    """A cursor: the text around it, in which document, among which other cells."""

    document: str
    others: Hashable
    prefix: str
    suffix: str


@dataclass(frozen=True, slots=True)
class _Entry:
    spot: Spot
    texts: tuple[str, ...]
    manual: bool


class Memory:
    """The last suggestions, newest first."""

    def __init__(self, size: int = SIZE) -> None:
        self._size = size
        self._entries: list[_Entry] = []

    def add(self, spot: Spot, texts: tuple[str, ...], *, manual: bool) -> None:
        """Keep the suggestions for a spot; none is known, too."""
        others = [entry for entry in self._entries if entry.spot != spot]
        self._entries = [_Entry(spot, texts, manual), *others][: self._size]

    def find(self, spot: Spot, *, manual: bool) -> tuple[str, ...] | None:
        """Return what is left of suggestions at `spot`; None where the model must be asked.

        What is asked for by a key is only answered by what was: nothing was hidden from that as unsure.
        """
        for entry in self._entries:
            if manual and not entry.manual:
                continue
            if entry.spot == spot:
                return entry.texts
            rests = tuple(rest for text in entry.texts if (rest := _rest(text, entry.spot, spot)))
            if rests:
                return rests
        return None


def _rest(text: str, then: Spot, now: Spot) -> str:
    """Return what is still to be typed of a text; nothing where something else was typed."""
    if (then.document, then.others) != (now.document, now.others) or not now.prefix.startswith(then.prefix):
        return ""
    typed = now.prefix[len(then.prefix) :]
    if not typed or not text.startswith(typed) or not now.suffix.endswith(then.suffix):
        return ""
    rest = text[len(typed) :]
    closers = now.suffix[: len(now.suffix) - len(then.suffix)]  # that the editor has put there by itself
    if not set(closers) <= _CLOSERS or not rest.endswith(closers):
        return ""
    return rest[: len(rest) - len(closers)]
