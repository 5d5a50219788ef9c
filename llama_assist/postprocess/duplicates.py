"""Take out what stands in the cell already: the lines above written again first, the lines below written ahead."""

from __future__ import annotations

import re
from collections.abc import Sequence

from llama_assist.postprocess.site import Site, is_same_line

_DOUBT = 0.5
_DOUBT_OF_BLOCKS = 0.1  # hidden, unless somebody asks for it
_MAX_LINES = 40
_MIN_BLOCK = 2
_LINE = re.compile(r"[^\n]+")
_WORD = re.compile(r"[^\W\d]\w\w")


def duplicates(site: Site, text: str) -> str:
    """Return the completion without leading lines that repeat those above, and without those that begin the suffix."""
    return _without_below(site, _without_above(site, text) if site.is_line_start else text)


def num_above(site: Site, lines: Sequence[str], *, is_whole: bool = True) -> int:
    """Return how many whole lines, of some substance, begin with exactly the last lines above the cursor; 0 if none.

    Without `is_whole` the lines may be only the beginning of such a copy; then all of them count.
    """
    for size in range(min(_MAX_LINES, len(site.lines_above)), 0, -1):
        copied = site.lines_above[-size:]
        if (size > len(lines)) if is_whole else (size < len(lines)):
            continue
        if all(map(is_same_line, lines, copied)) and any(map(_WORD.search, copied)):
            return min(size, len(lines))
    return 0


def _without_above(site: Site, text: str) -> str:
    lines = [found for found in _LINE.finditer(text) if found[0].strip()]
    number = num_above(site, _in_cell(site, lines))
    return text if number == 0 else at_cursor(site, text[lines[number - 1].end() + 1 :])


def _in_cell(site: Site, lines: Sequence[re.Match[str]]) -> list[str]:
    """Return the lines of a completion as they will stand in the cell."""
    return [line[0] if line.start() else site.typed + line[0] for line in lines]


def at_cursor(site: Site, lines: str) -> str:
    """Return whole lines as they are written from the cursor on, whose blanks before it are there already."""
    lines = re.sub(r"\A(?:[ \t]*\n)+", "", lines)
    return lines.removeprefix(site.typed)


def _without_below(site: Site, text: str) -> str:
    start = start_of_suffix(site, text + "\n")
    return text if start is None else text[: max(0, start - 1)]


def start_of_suffix(site: Site, text: str) -> int | None:
    """Return the offset of the first finished line that is the first line below the cursor."""
    start = 0
    while site.lines_below and (end := text.find("\n", start)) >= 0:
        line = text[start:end] if start else site.typed + text[:end]
        if is_same_line(line, site.lines_below[0]):
            return start
        start = end + 1
    return None


def doubt_of_copies(site: Site, text: str) -> float:
    """Return the factor for the confidence: less than 1.0 for new statements that stand in the cell already."""
    if not site.is_line_start or site.state:
        return 1.0
    if _is_copied_block(site, text):
        return _DOUBT_OF_BLOCKS
    first = site.typed + text.lstrip("\n").partition("\n")[0]
    is_copy = _WORD.search(first) is not None and any(
        is_same_line(first, line) for line in (*site.lines_above, *site.lines_below)
    )
    return _DOUBT if is_copy else 1.0


def _is_copied_block(site: Site, text: str) -> bool:
    """Tell whether two or more lines, all that there are, follow one another above or below in the same way."""
    lines = _in_cell(site, [found for found in _LINE.finditer(text) if found[0].strip()])
    if len(lines) < _MIN_BLOCK:
        return False
    for around in (site.lines_above, site.lines_below):
        for start in range(len(around) - len(lines) + 1):
            if all(map(is_same_line, lines, around[start : start + len(lines)])):
                return True
    return False
