"""Cut where a completion begins to say the same again: whole lines, groups of lines, or a phrase within a line."""

from __future__ import annotations

import re
from collections.abc import Sequence

from llama_assist.postprocess.site import Site

_MAX_PERIOD = 5
_LINE = re.compile(r"[^\n]*[^\s][^\n]*")
_PHRASE = re.compile(r"([^\n]{4,40}?)\1{3,}")  # four times the same
_WORD = re.compile(r"[^\W\d]{2}")


def repetition(site: Site, text: str) -> str:
    """Return the text up to the second time that it says the same."""
    start = repetition_start(text)
    return text if start is None else text[:start].rstrip()


def repetition_start(text: str) -> int | None:
    """Return the offset of the first repetition; the last line counts only when it is finished."""
    starts = [start for start in (_phrase_start(text), _lines_start(text)) if start is not None]
    return min(starts, default=None)


def _phrase_start(text: str) -> int | None:
    for found in _PHRASE.finditer(text):
        if _WORD.search(found[1]):
            return found.start() + len(found[1])
    return None


def _lines_start(text: str) -> int | None:
    lines = list(_LINE.finditer(text))
    if lines and lines[-1].end() == len(text):
        lines.pop()
    words = [line[0].strip() for line in lines]
    for end in range(2, len(words) + 1):
        for period in range(1, _MAX_PERIOD + 1):
            if (first := _again(words[:end], period)) is not None:
                return lines[first].start()
    return None


def _again(words: Sequence[str], period: int) -> int | None:
    """Return where the second copy begins if the last lines are copies: three of a line, two of a group."""
    copies = 3 if period == 1 else 2
    group = words[len(words) - period :]
    first = len(words) - period * copies
    if first < 0 or not _WORD.search(" ".join(group)):
        return None
    same = all(words[first + at] == group[at % period] for at in range(period * copies))
    return first + period if same else None
