"""Questions in one line: IPython takes the `?` at their end for a wish for its own help, unless it is kept away."""

from __future__ import annotations

import re

_QUESTION = re.compile(r"%llama[ \t]+(?P<words>[^\n]*\?)[ \t]*(?P<end>\n?)")


def keep_questions(lines: list[str]) -> list[str]:
    """Return the lines of a cell with each `%llama ... ?` as the call that IPython makes of other magics.

    Only lines before any Python count: further below, such a line may be part of a text in quotes or of a cell magic.
    """
    kept: list[str] = []
    for number, line in enumerate(lines):
        if line.startswith("%%") or (line.strip() and not line.startswith(("%", "#"))):
            return kept + lines[number:]
        question = _QUESTION.fullmatch(line)
        kept.append(line if question is None else _call(question["words"]) + question["end"])
    return kept


def _call(words: str) -> str:
    return f"get_ipython().run_line_magic('llama', {words!r})"
