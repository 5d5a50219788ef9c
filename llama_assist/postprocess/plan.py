"""One line or a block? Decided by the syntax at the cursor, before a token is generated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from llama_assist.postprocess.lexer import in_comment, in_text, is_multiline, is_prose
from llama_assist.postprocess.prose import takes_lines
from llama_assist.postprocess.site import Site

LINE_TOKENS = 64  # a call over several lines must fit
BLOCK_TOKENS = 128
PROSE_TOKENS = 48
_FENCE = "\n```"  # chat models end code with a fence and explain it


@dataclass(frozen=True, slots=True)
class Plan:
    """What is wanted at the cursor, the stop strings that the engine applies by itself, and the most tokens."""

    shape: Literal["line", "block"]
    stop: tuple[str, ...]
    max_tokens: int


def plan(site: Site) -> Plan:
    """Return what to ask of the model at the cursor."""
    if is_prose(site.language):
        return Plan("line", () if takes_lines(site) else ("\n",), PROSE_TOKENS)
    if in_text(site.state):
        return Plan("line", ("\n",) if _ends_with_line(site) else (), LINE_TOKENS)
    if _wants_block(site.settled):
        return Plan("block", (_FENCE,), BLOCK_TOKENS)
    return Plan("line", (_FENCE,), LINE_TOKENS)


def _ends_with_line(site: Site) -> bool:
    """Tell whether the comment or string at the cursor ends on its line, whatever the model writes."""
    return in_comment(site.state) or (not is_multiline(site.state) and len(site.wanted) == len(site.state))


def _wants_block(site: Site) -> bool:
    """Tell whether several statements belong here: code that goes on right below wants one."""
    if site.header is not None and site.rest.strip() in ("", "}"):
        return not site.is_body_below(site.header)
    if site.state or not site.is_line_start or site.is_followed or site.rest.strip():
        return False
    is_empty = all(map(site.is_magic, site.lines_above)) and not site.lines_below
    return is_empty or site.is_undone_function or _is_announced(site)


def _is_announced(site: Site) -> bool:
    """Tell whether the line above says what comes: a comment or a decorator."""
    line = site.lines_above[-1] if site.lines_above else ""
    return site.is_comment(line) or line.lstrip().startswith("@")
