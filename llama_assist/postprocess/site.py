"""Where a completion goes: the cell around the cursor, and what its syntax asks of the text that is put there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise, takewhile
from types import MappingProxyType

from llama_assist.postprocess.columns import indentation, width
from llama_assist.postprocess.lexer import (
    CLOSERS,
    Mark,
    Scan,
    State,
    closing,
    in_comment,
    in_text,
    is_multiline,
    scan,
    wanted,
)
from llama_assist.syntax import comment_prefix, encode
from llama_assist.syntax.ipython import neutralise

_HEADERS = {
    "python": re.compile(
        r"\s*(?:async\s+)?(?:if|elif|else|for|while|def|class|with|try|except|finally|match|case)\b[\s\S]*:\s*(?:#.*)?$"
    ),
    "julia": re.compile(
        r"\s*(?:function|for|while|if|elseif|else|let|begin|struct|mutable|module|try|catch)\b(?![\s\S]*\bend\s*$)"
        r"|[\s\S]*\bdo\b[^\n]*$"
    ),
    "bash": re.compile(r"[\s\S]*(?:\b(?:then|do|else)|\{)\s*$"),
}
_BRACE_HEADER = re.compile(r"[\s\S]*\{\s*$")
_CLAUSE = re.compile(r"\s*(?:elif|elseif|else|except|finally|catch)\b")
_CLOSING_LINE = re.compile(r"\s*(?:[)\]}]|(?:end|done|fi|esac)\b)")
_STRING_STATEMENT = re.compile(r"\s*[rRuUbB]?[\"']")
_CELL_MAGIC = re.compile(r"\s*%%[^\W\d]")
_MAGIC = re.compile(r"\s*(?:%%?[^\W\d]|!)")
_NO_LINE = ("", *")]},;:")
_TOP_LEVEL = re.compile(r"^(?:def|class)\b", re.MULTILINE)
_MAX_PREFIX = 20_000
_MAX_TEXT = 60_000  # more than that no statement takes


def is_header(statement: str, language: str) -> bool:
    """Tell whether a statement needs a body below it: `if x:`, `function f() {`."""
    return _HEADERS.get(language, _BRACE_HEADER).match(statement) is not None


def is_clause(line: str) -> bool:
    """Tell whether a line goes on with the compound statement above it: `else:`, `except ...:`."""
    return _CLAUSE.match(line) is not None


def is_closing_line(line: str, language: str) -> bool:
    """Tell whether a line ends the block above it, where the language has such lines: `}`, `end`."""
    return language != "python" and _CLOSING_LINE.match(line) is not None


def is_same_line(line: str, other: str) -> bool:
    """Tell whether two lines are the same code at the same column."""
    return line.strip() == other.strip() and width(line) == width(other)


@dataclass(frozen=True)
class Site:
    """The full text of one cell before and after the cursor, in code points, with the cell's canonical language.

    `names` are all names known at the cursor, None where others may exist; `parameters` are those of functions that
    take no others; `columns` are the columns of the kernel's data frames, by variable name.
    """

    prefix: str
    suffix: str = ""
    language: str = "python"
    names: frozenset[str] | None = None
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    columns: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))

    @cached_property
    def typed(self) -> str:
        """Return the cursor's line up to the cursor."""
        return self.prefix.rpartition("\n")[2]

    @cached_property
    def rest(self) -> str:
        """Return the cursor's line from the cursor on."""
        return self.suffix.partition("\n")[0]

    @cached_property
    def is_line_start(self) -> bool:
        """Tell whether nothing but blanks stands before the cursor on its line."""
        return not self.typed.strip()

    @cached_property
    def settled(self) -> Site:
        """Return the same site, but at a line of its own if the cursor is at column 0 before a line of code.

        There whole lines are wanted: the text for the settled site needs a newline after it.
        """
        is_before_line = not self.typed and not in_text(self.state) and self.rest.strip()[:1] not in _NO_LINE
        return replace(self, suffix="\n" + self.suffix) if is_before_line else self

    @cached_property
    def lines_above(self) -> tuple[str, ...]:
        """Return the lines above the cursor's line that are not blank."""
        return tuple(line for line in self.prefix.split("\n")[:-1] if line.strip())

    @cached_property
    def lines_below(self) -> tuple[str, ...]:
        """Return the lines below the cursor's line that are not blank."""
        return tuple(line for line in self.suffix.split("\n")[1:] if line.strip())

    @cached_property
    def is_followed(self) -> bool:
        """Tell whether the very next line has code."""
        return bool("".join(self.suffix.split("\n")[1:2]).strip())

    @cached_property
    def state(self) -> State:
        """Return what is open at the cursor."""
        return self._near[1].state

    @cached_property
    def wanted(self) -> State:
        """Return what must be open after the completion: what the suffix closes."""
        strings = next((at for at, each in enumerate(self.state) if each not in CLOSERS), None)
        plain = wanted(self._neutral(self.suffix[:_MAX_TEXT]), self.language)
        if strings is None or in_comment(self.state):
            return plain
        inside = self.state[strings:]
        rest = self.suffix if is_multiline(inside[:1]) else self.rest
        if not _closes(scan(rest, self.language, inside)):
            return () if in_text(self.state) else plain
        return wanted(self.suffix, self.language, inside) + _closed_by(scan(rest, self.language, inside), inside)

    @cached_property
    def numbered_above(self) -> tuple[tuple[int, str], ...]:
        """Return (line number in the prefix, text) of the statements above the cursor's line, without comments."""
        text, read = self._near
        ends = [mark.start for mark in read.marks if mark.text == "\n" and not mark.state]
        number = self.prefix.count("\n") - text.count("\n")
        start, found = 0, []
        for end in ends:
            piece = text[start:end]
            if piece.strip() and not self.is_comment(piece):
                found.append((number, piece))
            start, number = end + 1, number + piece.count("\n") + 1
        return tuple(found)

    @cached_property
    def statements_above(self) -> tuple[str, ...]:
        """Return the statements above the cursor's line, comments and blanks left out."""
        return tuple(piece for _, piece in self.numbered_above)

    @cached_property
    def forgotten(self) -> tuple[tuple[int, str], ...]:
        """Return (distance from the cursor, closers) of the lines that begin a statement inside brackets above."""
        text, read = self._near
        found = ((mark.end, _brackets(before.state)) for before, mark in pairwise(read.marks) if _ends_all(mark))
        return tuple((len(text) - end, closing(brackets)) for end, brackets in found if brackets)

    @cached_property
    def statement(self) -> str:
        """Return what stands of the cursor's statement before the cursor; it may have begun on a line above."""
        text, read = self._near
        newlines = [mark.end for mark in read.marks if mark.text == "\n" and not mark.state]
        return text[newlines[-1] if newlines else 0 :] if self.language == "python" else self.typed

    @cached_property
    def header(self) -> int | None:
        """Return the column of the block header that the cursor's line is the first of; None without one."""
        if in_text(self.state) or (self.state and self.language == "python"):
            return None
        above = self.statements_above if self.language == "python" else self.lines_above
        line = self.statement if self.typed.strip() else "".join(above[-1:])
        return width(line) if is_header(line, self.language) else None

    @cached_property
    def is_undone_function(self) -> bool:
        """Tell whether the statement above is the docstring of a function or class, and nothing follows it yet."""
        if self.state or len(self.statements_above) < 2:
            return False
        above, docstring = self.statements_above[-2:]
        return is_header(above, self.language) and _STRING_STATEMENT.match(docstring) is not None

    @cached_property
    def unit(self) -> str:
        """Return the cell's own step of indentation: a tab, or the spaces that it uses most; empty if not known."""
        lines = [line for line in (*self.lines_above, *self.lines_below) if indentation(line)]
        if any(line[0] == "\t" for line in lines):
            return "\t"
        return " " * _usual_step((*self.lines_above, *self.lines_below), self.language)

    def is_comment(self, line: str) -> bool:
        """Tell whether a line is nothing but a comment."""
        mark = comment_prefix(self.language)
        return bool(mark) and line.lstrip().startswith(mark)

    def is_magic(self, line: str) -> bool:
        """Tell whether a line is a command to IPython, which is no part of the cell's code."""
        return (_MAGIC if self.language == "python" else _CELL_MAGIC).match(line) is not None

    def is_body_below(self, column: int) -> bool:
        """Tell whether the suffix goes on deeper than `column`: a header there has its body already."""
        return bool(self.lines_below) and width(self.lines_below[0]) > column

    def read(self, text: str) -> Scan:
        """Scan a completion: text that begins at the cursor."""
        return scan(text, self.language, self.state)

    @cached_property
    def _near(self) -> tuple[str, Scan]:
        """Return the prefix, a very long one from its last function or class on, without IPython's syntax, and read."""
        start = 0
        if len(self.prefix) > _MAX_PREFIX:
            found = [match.start() for match in _TOP_LEVEL.finditer(self.prefix, 0, len(self.prefix) - len(self.typed))]
            start = found[-1] if found else 0
            start = max(start, len(self.prefix) - _MAX_TEXT)
        text = self._neutral(self.prefix[start:])
        return text, scan(text, self.language)

    def _neutral(self, text: str) -> str:
        return neutralise(encode(text), self.language).decode("utf-8", "replace")


def _ends_all(mark: Mark) -> bool:
    return mark.text == "\n" and not mark.state


def _brackets(state: State) -> State:
    """Return the brackets of a state that no string is around."""
    return tuple(takewhile(lambda each: each in CLOSERS, state))


def _closes(inside: Scan) -> bool:
    """Tell whether a text that begins inside a string ends it, and leaves no other one open."""
    return any(not mark.state for mark in inside.marks) and not in_text(inside.state)


def _closed_by(read: Scan, inside: State) -> State:
    """Return what of `inside` a text closes by its own closer; a string that ends takes what is open in it along."""
    found: list[str] = []
    left = len(inside)
    for mark in read.marks:
        if len(mark.state) < left:
            left = len(mark.state)
            found.insert(0, inside[left])
    return tuple(found)


def _usual_step(lines: tuple[str, ...], language: str) -> int:
    """Return how many spaces a block is deeper than its header, most often; 0 where there is no block."""
    steps = [
        width(below) - width(above)
        for above, below in pairwise(lines)
        if is_header(above, language) and width(below) > width(above)
    ]
    return Counter(steps).most_common(1)[0][0] if steps else 0
