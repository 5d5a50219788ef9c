"""Text that is no code: where a sentence or line of it ends, and with how many newlines it begins."""

from __future__ import annotations

import re

from llama_assist.postprocess.lexer import is_prose
from llama_assist.postprocess.site import Site

_MARK = re.compile(r"[.!?][)\"'*_\]]*(?=\s+(\S))")
_NO_END = re.compile(
    r"(?:^\s*(?:[-*+>]\s+)?\d+|(?<!\w)(?:[^\W\d]|[^\W\d](?:\.[^\W\d])+"
    r"|al|approx|cf|ch|dr|eq|eqs|etc|fig|figs|mr|mrs|ms|no|nr|p|pp|prof|ref|refs|resp|sec|st|tab|vol|vs))\Z",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
_MIN_WORDS = 2
_HEADING = re.compile(r" {0,3}#{1,6}\s+\S")
_NEWLINES = re.compile(r"\s*\n")


def prose_end(site: Site, text: str) -> tuple[int, str] | None:
    """Return where a text of words ends, and at what: its line, in Markdown its first sentence; None if it goes on.

    Newlines that may lead to it are passed.
    """
    begin = len(text) - len(text.lstrip()) if takes_lines(site) else 0
    newline = text.find("\n", begin)
    end = newline if newline >= 0 else len(text)
    sentence = _sentence_end(site, text, begin, end) if site.language == "markdown" else None
    if sentence is not None:
        return sentence, "end of sentence"
    return (newline, "end of line") if newline >= 0 else None


def takes_lines(site: Site) -> bool:
    """Tell whether newlines may lead to the text that is wanted: at the start of a line, and behind a heading."""
    return not site.rest.strip() and (site.is_line_start or is_behind_heading(site))


def is_behind_heading(site: Site) -> bool:
    """Tell whether the cursor's line is a heading of Markdown."""
    return site.language == "markdown" and _HEADING.match(site.typed) is not None


def gap(site: Site, text: str) -> str:
    """Return prose with the newlines that it may begin with: two behind a heading, at a line start at most one."""
    found = _NEWLINES.match(text) if is_prose(site.language) and takes_lines(site) else None
    if found is None:
        return text
    if is_behind_heading(site):
        return "\n\n" + text[found.end() :]
    has_text_above = bool(site.prefix.rpartition("\n")[0].rpartition("\n")[2].strip())
    return ("\n" if has_text_above and not site.typed else "") + text[found.end() :]


def _sentence_end(site: Site, text: str, begin: int, end: int) -> int | None:
    """Return the end of the first sentence of at least two words, one of them in the text, that another follows."""
    line = "" if "\n" in text[:begin] else site.typed
    for mark in _MARK.finditer(text, begin, end):
        before = line + text[begin : mark.start()]
        is_next = not (mark[1].islower() or mark[1].isdigit())
        is_enough = len(_WORD.findall(before)) >= _MIN_WORDS and _WORD.search(text, begin, mark.start()) is not None
        if is_next and is_enough and _NO_END.search(before) is None:
            return mark.end()
    return None
