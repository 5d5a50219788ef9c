"""Take from the end of a completion what the suffix says next: the rest of the line, or the next line in brackets."""

from __future__ import annotations

from llama_assist.postprocess.site import Site

_TAIL = " \t)]}\"',;:"
_MIN_LINE = 6  # shorter pieces of a line are often equal by chance


def overlap(site: Site, text: str) -> str:
    """Return the completion without an end that the suffix begins with, be it a blank."""
    if site.rest.strip():
        left = _without_rest(site, text, site.rest.strip())
        return left.rstrip(" \t") if site.rest[0] in " \t" else left
    return _without_next_line(site, text)


def _without_rest(site: Site, text: str, rest: str) -> str:
    body = text.rstrip()
    for size in range(min(len(body), len(rest)), 0, -1):
        kept, piece = body[:-size], rest[:size]
        if body.endswith(piece) and _is_whole(kept, piece, rest[size:]) and _is_balanced(site, kept):
            return kept
    return text


def _is_balanced(site: Site, text: str) -> bool:
    """Tell whether what the text leaves open is what the suffix closes: then all its own brackets are still its own."""
    return len(site.read(text).state) == len(site.wanted)


def _without_next_line(site: Site, text: str) -> str:
    """Take off the next line of a call or literal, which the completion wrote on the line before."""
    if not site.wanted or not site.lines_below:
        return text
    piece = site.lines_below[0].strip().rstrip(_TAIL)
    body = text.rstrip().rstrip(_TAIL)
    kept = body[: -len(piece)]
    if len(piece) < _MIN_LINE or not body.endswith(piece) or not _is_whole(kept, piece, ""):
        return text
    return kept.rstrip() if (site.typed + kept).rpartition("\n")[2].strip() else text


def _is_whole(before: str, piece: str, after: str) -> bool:
    """Tell whether a piece neither begins nor ends within a word."""
    begins = not (_is_word(before[-1:]) and _is_word(piece[:1]))
    return begins and not (_is_word(piece[-1:]) and _is_word(after[:1]))


def _is_word(character: str) -> bool:
    return character == "_" or character.isalnum()
