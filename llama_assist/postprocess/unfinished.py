"""Take off what the token limit cut in the middle: the last statement, or the last item of the only one."""

from __future__ import annotations

import re

from llama_assist.postprocess.lexer import in_text
from llama_assist.postprocess.site import Site, is_header
from llama_assist.postprocess.statements import finished_part

_COMMA = re.compile(r",")


def unfinished(site: Site, text: str) -> str:
    """Return the part of a cut completion that is whole; a single name or call without items stays as it is."""
    done = finished_part(site, text)
    if _does_something(site, done):
        return done
    read = site.read(text)
    for comma in reversed(list(_COMMA.finditer(text))):
        state = next((mark.state for mark in reversed(read.marks) if mark.end <= comma.start()), site.state)
        if len(state) > len(site.wanted) and not in_text(state):
            return text[: comma.start()]
    return text


def _does_something(site: Site, text: str) -> bool:
    """Tell whether the text is more than comments and the header of a block whose body is missing."""
    lines = [line for line in text.split("\n") if line.strip() and not site.is_comment(line)]
    return bool(lines) and not is_header(lines[-1], site.language)
