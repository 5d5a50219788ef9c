"""Several candidates made into the few that differ, best first."""

from __future__ import annotations

from collections.abc import Iterable


def distinct(candidates: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """Return (text, confidence) pairs, the surest first; of those that differ only in blanks, the surest one."""
    found: dict[str, tuple[str, float]] = {}
    for text, confidence in sorted(candidates, key=lambda pair: -pair[1]):
        words = " ".join(text.split())
        if words:
            found.setdefault(words, (text, confidence))
    return list(found.values())
