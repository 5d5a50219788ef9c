"""Brackets, strings and comments of any text, read without a grammar: what is open where, however broken the code.

A state is the tuple of what is open, outermost first: brackets by their opener, strings and block comments by
their delimiter (an `f` before that of a Python f-string), a line comment by `#`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from llama_assist.postprocess.breaks import begins_statement, breaks_off

State = tuple[str, ...]

OPENERS = {")": "(", "]": "[", "}": "{"}
CLOSERS = {opener: closer for closer, opener in OPENERS.items()}
_MAX_DEPTH = 100  # no code nests deeper; what is not code must not cost more than its length
_COMMENT = "#"
_BLOCK_COMMENT = "/*"
_QUOTES = {
    "python": ('"""', "'''", '"', "'"),
    "julia": ('"""', '"'),
    "javascript": ('"', "'", "`"),
    "typescript": ('"', "'", "`"),
    "tsx": ('"', "'", "`"),
    "r": ('"', "'", "`"),
    "sql": ('"', "'", "`"),
    "bash": ('"', "'"),
    "cpp": ('"', "'"),
}
_LINE_COMMENTS = {
    "python": "#",
    "julia": "#",
    "r": "#",
    "bash": r"(?<!\S)#",
    "sql": "--",
    "javascript": "//",
    "typescript": "//",
    "tsx": "//",
    "cpp": "//",
}
_COMMENT_MARKS = frozenset({"#", "--", "//", "/*"})
_BLOCK_COMMENTED = frozenset({"javascript", "typescript", "tsx", "cpp", "sql"})
_MULTILINE = frozenset({'"""', "'''", "`", _BLOCK_COMMENT})
_PROSE = frozenset({"markdown", "text", "latex", "html"})


@dataclass(frozen=True, slots=True)
class Mark:
    """One lexeme that ends at offset `end`, and what is open after it; whether it closes what nobody opened."""

    end: int
    text: str
    state: State
    is_unmatched: bool = False

    @property
    def start(self) -> int:
        """Return the offset of the lexeme's first character."""
        return self.end - len(self.text)


@dataclass(frozen=True, slots=True)
class Scan:
    """All lexemes of a text, and what is open at its end."""

    marks: tuple[Mark, ...]
    state: State


def is_prose(language: str) -> bool:
    """Tell whether the language has words and lines only: no brackets, strings or comments that mean anything."""
    return language in _PROSE


def in_text(state: State) -> bool:
    """Tell whether a state is inside a string or a comment, where brackets and newlines mean nothing."""
    return bool(state) and state[-1] not in CLOSERS


def in_comment(state: State) -> bool:
    """Tell whether a state is inside a comment."""
    return bool(state) and state[-1] in (_COMMENT, _BLOCK_COMMENT)


def is_multiline(state: State) -> bool:
    """Tell whether a state is inside a string or a comment that may go on over lines."""
    return in_text(state) and _delimiter(state[-1]) in _MULTILINE


def closing(state: State) -> str:
    """Return what closes a state: `)"` for an open string inside an open parenthesis, read backwards."""
    return "".join(
        CLOSERS.get(each) or ("*/" if each == _BLOCK_COMMENT else "" if each == _COMMENT else _delimiter(each))
        for each in reversed(state)
    )


def scan(text: str, language: str, state: State = ()) -> Scan:
    """Read the whole of `text`, which begins inside `state`."""
    marks = tuple(lexemes(text, language, state))
    return Scan(marks, marks[-1].state if marks else state)


def wanted(suffix: str, language: str, state: State = ()) -> State:
    """Return the openers, outermost first, that the closers of a suffix lack, as far as one statement can go."""
    found: list[str] = []
    for mark in lexemes(suffix, language, state):
        if mark.is_unmatched:
            found.insert(0, OPENERS[mark.text])
        if mark.text == "\n" and _begins_statement(suffix, language, mark.end):
            break
    return tuple(found)


def lexemes(text: str, language: str, state: State = ()) -> Iterator[Mark]:
    """Yield the brackets, quotes, comment marks and newlines of `text`, which begins inside `state`."""
    if is_prose(language):
        return
    offset, code_end = 0, 0
    start = None if state else 0  # of the statement that goes on, where the text has all of it
    while (found := _pattern(language, state).search(text, offset)) is not None:
        if language == "python" and not in_comment(state):
            code_end = _code_end(text, offset, found, code_end)
        offset, lexeme = found.end(), found[0]
        is_unmatched = lexeme in OPENERS and OPENERS[lexeme] not in _inside_string(state)
        state = _after(state, lexeme)
        if lexeme == "\n":
            if _begins_statement(text, language, offset) or _breaks_off(text, language, offset, code_end, start, state):
                state = ()  # whatever was left open above
            start = start if state else offset
        yield Mark(offset, lexeme, state, is_unmatched)


def _code_end(text: str, offset: int, found: re.Match[str], before: int) -> int:
    """Return where the code ends that `found` is the last lexeme of; `before` if there is none since `offset`."""
    if not found[0].isspace() and found[0] not in _COMMENT_MARKS:
        return found.end()
    return offset + len(text[offset : found.start()].rstrip()) if text[offset : found.start()].strip() else before


def _begins_statement(text: str, language: str, offset: int) -> bool:
    return language == "python" and begins_statement(text, offset)


def _breaks_off(text: str, language: str, offset: int, code_end: int, start: int | None, state: State) -> bool:
    if language != "python" or start is None or not state or any(each not in CLOSERS for each in state):
        return False
    return breaks_off(text, offset, code_end, state[-1], start)


def _delimiter(opener: str) -> str:
    return opener[1:] if opener[0] == "f" else opener


def _inside_string(state: State) -> State:
    """Return the brackets that are open since the last string that is open around them."""
    for index in range(len(state) - 1, -1, -1):
        if state[index] not in CLOSERS:
            return state[index + 1 :]
    return state


def _after(state: State, lexeme: str) -> State:
    """Return the state after one lexeme of the pattern that belongs to `state`."""
    if in_text(state):
        return _after_in_text(state, lexeme)
    if lexeme in CLOSERS:
        return (*state, lexeme) if len(state) < _MAX_DEPTH else state
    if lexeme in OPENERS:
        return _closed(state, OPENERS[lexeme])
    if lexeme == "\n":
        return _without_line_strings(state)
    return state if lexeme[0] == "\\" else _after_quote(state, lexeme)


def _without_line_strings(state: State) -> State:
    """End the f-strings of one line inside whose braces the line ends."""
    for index, each in enumerate(state):
        if each[0] == "f" and _delimiter(each) not in _MULTILINE:
            return state[:index]
    return state


def _after_in_text(state: State, lexeme: str) -> State:
    if lexeme == "{":
        return (*state, "{")
    return state if lexeme[0] == "\\" or lexeme in ("{{", "}}") else state[:-1]


def _closed(state: State, opener: str) -> State:
    """Close the innermost `opener`, with whatever was left open inside it; a closer without opener changes nothing."""
    inner = _inside_string(state)
    if opener not in inner:
        return state
    index = len(inner) - 1 - inner[::-1].index(opener)
    return state[: len(state) - len(inner) + index]


def _after_quote(state: State, lexeme: str) -> State:
    if lexeme == "/*":
        return (*state, _BLOCK_COMMENT)
    quote = lexeme.lstrip("rRbBfFuUtT")
    if quote not in ('"""', "'''", '"', "'", "`"):
        return (*state, _COMMENT)
    for index in range(len(state) - 1, -1, -1):
        if state[index] == "f" + quote:  # before Python 3.12 the same quote could only end the f-string around
            return state[:index]
    return (*state, ("f" if lexeme[: -len(quote)].lower().strip("rbu") else "") + quote)


@lru_cache(maxsize=1024)
def _pattern(language: str, state: State) -> re.Pattern[str]:
    if not in_text(state):
        return _code_pattern(language, any(each[0] == "f" for each in state))
    return _text_pattern(state[-1])


@cache
def _code_pattern(language: str, in_replacement: bool) -> re.Pattern[str]:
    quotes = "|".join(map(re.escape, _QUOTES.get(language, ('"',))))
    prefix = r"(?:(?<!\w)[rRbBfFuUtT]{1,2})?" if language == "python" else ""
    parts = [rf"{prefix}(?:{quotes})", r"[()\[\]{}\n]", r"\\[\s\S]?"]
    if language in _LINE_COMMENTS and not in_replacement:
        parts.append(_LINE_COMMENTS[language])
    if language in _BLOCK_COMMENTED:
        parts.append(r"/\*")
    return re.compile("|".join(parts))


@cache
def _text_pattern(opener: str) -> re.Pattern[str]:
    if opener == _COMMENT:
        return re.compile(r"\n")
    if opener == _BLOCK_COMMENT:
        return re.compile(r"\*/")
    parts = [r"\\[\s\S]?", re.escape(_delimiter(opener))]
    if _delimiter(opener) not in _MULTILINE:
        parts.append(r"\n")
    if opener[0] == "f":
        parts.append(r"\{\{|\}\}|\{")
    return re.compile("|".join(parts))
