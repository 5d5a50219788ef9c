"""At which column a line begins."""

from __future__ import annotations

_TAB = 4


def width(line: str) -> int:
    """Return the column of a line's first character that is not blank; a tab goes to the next multiple of 4."""
    return len(indentation(line).expandtabs(_TAB))


def indentation(line: str) -> str:
    """Return the blanks at the start of a line."""
    return line[: len(line) - len(line.lstrip(" \t"))]
