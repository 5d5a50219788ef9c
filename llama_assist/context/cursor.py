"""Where the cursor stands: the text around its line, the scopes around it, the names known there."""

from __future__ import annotations

import re
from dataclasses import dataclass

import tree_sitter

from llama_assist.context.outline import Outline
from llama_assist.syntax import decode

_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")
_MAX_DEPTH = 1_000
_PLACEHOLDER = "0"


@dataclass(frozen=True, slots=True)
class Anchor:
    """The text with the cursor's line put aside: it stays the same while one line is typed.

    `text` has a neutral expression in place of the line, at code-point `offset`; `line` is the line as it is.
    """

    text: str
    offset: int
    line: str

    def near(self, num_lines: int) -> str:
        """Return the cursor's line with so many lines above and below it."""
        above = self.text[: self.offset].splitlines()[-num_lines:]
        below = self.text[self.offset :].splitlines()[1 : num_lines + 1]
        return "\n".join([*above, self.line, *below])


@dataclass(frozen=True, slots=True)
class Scope:
    """`enclosing` are the first lines of the functions and classes around the cursor, outermost first."""

    enclosing: tuple[str, ...]
    names: frozenset[str]


def anchor(prefix: str, suffix: str) -> Anchor:
    """Put the cursor's line aside."""
    before = prefix.rpartition("\n")[2]
    after, newline, below = suffix.partition("\n")
    head = prefix[: len(prefix) - len(before)]
    indent = before[: len(before) - len(before.lstrip())]
    return Anchor(head + indent + _PLACEHOLDER + newline + below, len(head) + len(indent), before + after)


def names_on(line: str) -> list[str]:
    """Return the identifiers of a line but for those after a dot, each once, in the order of their last use.

    They are more than names, but nothing is missed.
    """
    return list(dict.fromkeys(reversed(_NAME.findall(line))))[::-1]


def scope_at(of: Outline, offset: int) -> Scope:
    """Return the scope at a code-point offset of the outlined text, with the names that its scopes bind."""
    byte = of.parsed.byte_of(offset)
    names = frozenset().union(*(inner for start, end, inner in of.locals if start <= byte < end))
    return Scope(_enclosing(of, byte), names)


def _enclosing(of: Outline, byte: int) -> tuple[str, ...]:
    if of.parsed.tree is None:
        return ()
    headers = []
    cursor = of.parsed.tree.walk()
    for _ in range(_MAX_DEPTH):
        node = cursor.node
        body = node.child_by_field_name("body") if node is not None else None
        if node is not None and body is not None and body.start_byte <= byte and _is_named(node):
            headers.append(decode(of.parsed.raw[node.start_byte : body.start_byte]).strip())
        if cursor.goto_first_child_for_byte(byte) is None:
            break
    return tuple(headers)


def _is_named(node: tree_sitter.Node) -> bool:
    return any(node.child_by_field_name(field) is not None for field in ("name", "declarator"))
