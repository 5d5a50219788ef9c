"""Cut a completion that breaks the cell back to the longest part that does not; nothing is left of the hopeless."""

from __future__ import annotations

import re
from collections.abc import Iterator

from llama_assist.postprocess.columns import width
from llama_assist.postprocess.indentation import block_columns, move
from llama_assist.postprocess.lexer import OPENERS, closing, is_prose
from llama_assist.postprocess.site import Site, is_header
from llama_assist.postprocess.statements import statements
from llama_assist.postprocess.validity import Validity, num_left_open

_PIECE = re.compile(r"\w+(?![\w.(\[])|\\(?=\n)|[,:()\[\]{}\"']")  # no name without what is asked of it
_MAGIC = re.compile(r"\s*[%!]")
_MAX_TRIES = 24


def syntax_check(site: Site, text: str) -> str:
    """Return the longest beginning of the completion with which the cell parses, closed if it must be."""
    if is_prose(site.language):
        return text
    validity = Validity(site)
    if not text.strip() or validity.admits(text):
        return text
    for number, candidate in enumerate(_candidates(site, text)):
        if number == _MAX_TRIES or validity.is_tired:
            break
        if validity.admits(candidate):
            return candidate
    return ""


def _candidates(site: Site, text: str) -> Iterator[str]:
    """Yield shorter and shorter beginnings: whole statements first, then parts of the first statement."""
    seen = {text, ""}
    is_closed_next = site.rest.lstrip()[:1] in OPENERS
    for column in _other_columns(site, text):
        yield move(site, text, column)
    for end in _ends(site, text):
        body = text[:end].rstrip()
        for candidate in (body.rstrip(", ") if is_closed_next else body, _closed(site, body)):
            if candidate.strip() and candidate not in seen:
                seen.add(candidate)
                yield candidate


def _other_columns(site: Site, text: str) -> list[int]:
    """Return the columns where the statement might have been meant, the innermost first."""
    if not site.is_line_start or site.state or site.header is not None or site.language != "python":
        return []
    columns = block_columns(site).union(width(line) for line in site.lines_below[:1])
    return sorted((each for each in columns if each != width(site.typed + text)), reverse=True)


def _ends(site: Site, text: str) -> Iterator[int]:
    """Yield offsets to cut at, largest first: ends of statements that do something, then of parts of the first one."""
    lines = [line for line in statements(site, text, site.read(text)) if not line.is_blank]
    acting = [line for line in lines if not site.is_comment(line.text) and not _MAGIC.match(line.text)]
    yield from (line.end for line in reversed(acting[:-1]))
    simple = (line.end for line in acting if not is_header(line.text, site.language))
    yield from reversed([found.end() for found in _PIECE.finditer(text, 0, next(simple, len(text)))])


def _closed(site: Site, text: str) -> str:
    """Return the text with what it leaves open closed, and the bracket that it stands in: others are the user's."""
    body = text.rstrip(", ")
    return body + closing(site.read(body).state[num_left_open(site) :])
