"""What a completion closes that is not its own: brackets and strings that the suffix closes, or that nobody opened."""

from __future__ import annotations

from llama_assist.postprocess.lexer import OPENERS, Scan, State
from llama_assist.postprocess.site import Site


def opens_more(site: Site) -> bool:
    """Tell whether the suffix closes more than is open at the cursor: the completion has to open it."""
    return len(site.wanted) > len(site.state)


def overrun(site: Site, read: Scan, *, is_whole: bool = True) -> int | None:
    """Return the offset of the first closer that belongs to the suffix or to nothing, or None.

    What the suffix closes on a line below may be closed and opened again on the cursor's line: `is_whole` says that
    no more text comes, otherwise only the end of the line decides.
    """
    is_known = _kinds(site.state[: len(site.wanted)]) == _kinds(site.wanted)
    found: int | None = None
    for mark in read.marks:
        if mark.is_unmatched:
            return mark.start if found is None else found
        if found is None and is_known and len(mark.state) < len(site.wanted):
            found = mark.start
        if found is not None and (site.rest.strip() or mark.text == "\n"):
            return found
        if mark.state == site.wanted:
            found = None
    return found if is_whole else None


def balance(site: Site, text: str) -> str:
    """Return the text cut where it closes too much; or, where the suffix closes more, after the bracket for that."""
    read = site.read(text)
    stop = overrun(site, read)
    if stop is not None:
        return text[:stop].rstrip() if stop else ""
    if opens_more(site) and read.state != site.wanted:
        return text[: _last_opening(site, read)]
    return text


def _last_opening(site: Site, read: Scan) -> int | None:
    """Return where the text opens, for the last time, exactly what the suffix closes."""
    ends = [mark.end for mark in read.marks if mark.text in OPENERS.values() and _fits(mark.state, site.wanted)]
    return ends[-1] if ends else None


def _fits(state: State, wanted: State) -> bool:
    return _kinds(state) == _kinds(wanted)


def _kinds(state: State) -> list[str]:
    """Return a state without the difference between strings and f-strings."""
    return [each.lstrip("f") for each in state]
