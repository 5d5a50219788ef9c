"""Where a Python statement begins though a bracket above is open still: somebody forgot to close it."""

from __future__ import annotations

import re

from llama_assist.postprocess.columns import width

_STATEMENT = re.compile(
    r"[ \t]*(?:(?:def|class|while|try|with|return|raise|assert|del|global|nonlocal|import|pass|break|continue)\b"
    r"|from\s+[\w.]+\s+import\b"
    r"|(?P<header>(?:async[ \t]+)?(?:if|elif|else|for|except|finally|match|case)\b[^\n]*:)[ \t]*(?:#[^\n]*)?$)",
    re.MULTILINE,
)
_OPERATORS = r"(?:and|as|async|else|for|if|in|is|not|or)"
_OPERAND = re.compile(rf"[ \t]*(?!{_OPERATORS}\b)[^\W\d]\w*(?![\w\"'])[ \t]*[^\s)\]}},:]")
_NAMED_VALUE = re.compile(r"[ \t]*\w+[ \t]*=(?!=)")
_AFTER_OPERAND = re.compile(rf"(?:[)\]}}\"']|(?<!\w)(?!(?:{_OPERATORS}|await|lambda|yield|from)\Z)\w+)\Z")
_WORD = 40  # no keyword is longer
_BLANKS = 200


def begins_statement(text: str, offset: int) -> bool:
    """Tell whether the line that begins at `offset` begins as nothing inside brackets can."""
    found = _STATEMENT.match(text, offset)
    return found is not None and _is_balanced(found["header"] or "")


def breaks_off(text: str, offset: int, code_end: int, opener: str, start: int) -> bool:
    """Tell whether the line at `offset` cannot go on inside `opener`, which the statement from `start` on left open.

    There two operands follow each other, or a value is named where only calls name values. `code_end` is the end of
    the code above, without comments. A line further right than the statement is more likely to lack a comma.
    """
    column = width(text[start : start + _BLANKS])
    if _OPERAND.match(text, offset) is None or width(text[offset : offset + _BLANKS]) > column:
        return False
    if opener != "(" and _NAMED_VALUE.match(text, offset) is not None:
        return True
    return _AFTER_OPERAND.search(text[max(0, code_end - _WORD) : code_end]) is not None


def _is_balanced(line: str) -> bool:
    """Tell whether a line closes what it opens: else its colon may be that of a slice."""
    return sum(map(line.count, "([{")) == sum(map(line.count, ")]}"))
