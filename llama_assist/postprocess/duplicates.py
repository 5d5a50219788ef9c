"""Take out what stands in the cell already: the lines above written again first, the lines below written ahead."""

from __future__ import annotations

import re

from llama_assist.postprocess.site import Site, is_same_line

_DOUBT = 0.5
_WORD = re.compile(r"[^\W\d]\w\w")


def duplicates(site: Site, text: str) -> str:
    """Return the completion without leading lines that repeat those above, and without those that begin the suffix."""
    return _without_below(site, _without_above(site, text) if site.is_line_start else text)


def repeats_above(site: Site, line: str) -> bool:
    """Tell whether a whole line, a statement of some substance, is the same as the one above the cursor."""
    return bool(site.lines_above) and _WORD.search(line) is not None and is_same_line(line, site.lines_above[-1])


def _without_above(site: Site, text: str) -> str:
    first, newline, others = text.partition("\n")
    if newline and repeats_above(site, site.typed + first):
        return at_cursor(site, others)
    return "" if repeats_above(site, site.typed + text) else text


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
    """Return the factor for the confidence: less than 1.0 for a new statement that stands in the cell already."""
    if not site.is_line_start or site.state:
        return 1.0
    first = site.typed + text.lstrip("\n").partition("\n")[0]
    is_copy = _WORD.search(first) is not None and any(
        is_same_line(first, line) for line in (*site.lines_above, *site.lines_below)
    )
    return _DOUBT if is_copy else 1.0
