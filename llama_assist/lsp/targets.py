"""What an action is about: the selected lines, the function around the cursor, or the cell; and edits back into it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import tree_sitter
from lsprotocol import types

from llama_assist.lsp.documents import Text
from llama_assist.lsp.wire import plain

_DEFINITION = re.compile(
    r"(function|method|class|struct|interface|enum|impl|trait|module).*_(definition|declaration|item)"
)
_AROUND = re.compile(r"decorated_definition|export_statement|template_declaration")
_INDENT = re.compile(r"[ \t]*")


@dataclass(frozen=True, slots=True)
class Target:
    """Whole lines of a text, from `start` to `end` before the last line break; new code goes to `below`.

    `source` is what they say without the `indent` that all of them share.
    """

    start: int
    end: int
    below: int
    indent: str
    source: str


def find_target(text: Text, given: types.Range, *, is_cell: bool) -> Target | None:
    """Return what a range is about: selected lines, else the cell, else the function, class or statement there.

    None where nothing but blank lines is there.
    """
    start, end = text.lines.span(given)
    if start < end:
        found = (start, max(start, end - 1)) if text.text[start:end].endswith("\n") else (start, end)
    elif is_cell:
        found = (0, len(text.text.rstrip()))
    else:
        found = _definition(text, start) or (start, start)
    return _target(text, *found, is_cell=is_cell)


def _target(text: Text, start: int, end: int, *, is_cell: bool) -> Target | None:
    lines = text.lines
    start, end = lines.line_start(lines.line_of(start)), lines.line_end(lines.line_of(end))
    raw = text.text[start:end]
    if not raw.strip():
        return None
    indent = _common_indent(raw)
    source = "\n".join(line.removeprefix(indent) for line in plain(raw).split("\n"))
    top = len(text.text.rstrip()) if is_cell else _statement_end(text, end)
    return Target(start, end, max(end, top), indent, source)


def _common_indent(raw: str) -> str:
    """Return the white space that all lines begin with, blank ones aside."""
    indents = [match[0] for line in plain(raw).split("\n") if line.strip() and (match := _INDENT.match(line))]
    shortest = min(indents, key=len)
    return shortest if all(indent.startswith(shortest) for indent in indents) else ""


def _definition(text: Text, offset: int) -> tuple[int, int] | None:
    """Return where the innermost function or class around an offset is, else the statement."""
    node = _node(text, offset)
    inner: tree_sitter.Node | None = None
    while node is not None and node.parent is not None:
        if _AROUND.fullmatch(node.type) or (inner is None and _DEFINITION.fullmatch(node.type)):
            inner = node
        elif inner is not None:
            break
        if inner is None and node.parent.parent is None:
            inner = node
        node = node.parent
    if inner is None:
        return None
    return text.parsed.offset_of(inner.start_byte), text.parsed.offset_of(inner.end_byte)


def _statement_end(text: Text, offset: int) -> int:
    """Return the end of the line on which the statement of the top level ends that an offset is in."""
    node = _node(text, offset)
    while node is not None and node.parent is not None and node.parent.parent is not None:
        node = node.parent
    if node is None or node.parent is None:
        return offset
    return text.lines.line_end(text.lines.line_of(text.parsed.offset_of(node.end_byte)))


def _node(text: Text, offset: int) -> tree_sitter.Node | None:
    """Return the smallest node at the last character of code on the offset's line before it, or the first after it."""
    parsed = text.parsed
    if parsed.tree is None:
        return None
    line = text.lines.line_of(offset)
    start, end = text.lines.line_start(line), text.lines.line_end(line)
    code = text.text[start:end]
    if not code.strip():
        return None
    first = start + len(code) - len(code.lstrip())
    byte = parsed.byte_of(max(first, min(offset, start + len(code.rstrip()) - 1)))
    return parsed.tree.root_node.descendant_for_byte_range(byte, byte)


def replaced(text: Text, target: Target, code: str) -> types.TextEdit | None:
    """Return the smallest edit of whole lines that puts `code` in the target's place; None where nothing changes."""
    old = plain(text.text[target.start : target.end]).split("\n")
    new = [target.indent + line if line.strip() else line for line in code.split("\n")]
    if old == new:
        return None
    shortest = min(len(old), len(new))
    head = next((place for place in range(shortest) if old[place] != new[place]), shortest)
    tail = next((place for place in range(shortest - head) if old[-1 - place] != new[-1 - place]), shortest - head)
    first = text.lines.line_of(target.start) + head
    last = text.lines.line_of(target.start) + len(old) - tail
    middle = new[head : len(new) - tail]
    if last < text.lines.count:
        start, end, code = text.lines.line_start(first), text.lines.line_start(last), "".join(f"{m}\n" for m in middle)
    elif first:  # the last line has no break behind it, so the one before it goes and comes
        start, end, code = text.lines.line_end(first - 1), len(text.text), "".join(f"\n{m}" for m in middle)
    else:
        start, end, code = 0, len(text.text), "\n".join(middle)
    return types.TextEdit(text.lines.range(start, end), _with_breaks(text, code))


def inserted(text: Text, target: Target, code: str, *, is_cell: bool) -> types.TextEdit:
    """Return the edit that puts `code` below the target, and below the statement that it is in."""
    gap = "\n\n\n" if text.language == "python" and not is_cell else "\n\n"
    return types.TextEdit(text.lines.range(target.below, target.below), _with_breaks(text, gap + code))


def _with_breaks(text: Text, code: str) -> str:
    """Return new code with the line breaks of the text."""
    return code.replace("\n", "\r\n") if "\r\n" in text.text else code


def moved(text: Text, old: Text, target: Target) -> Target | None:
    """Return where the target of an `old` state is now; None where its lines are no more, or stand there twice."""
    lines = old.text[target.start : target.end]
    if text.text[target.start : target.end] == lines:
        shift = 0
    elif text.text.count(lines) == 1:
        shift = text.text.index(lines) - target.start
    else:
        return None
    below = min(target.below + shift, len(text.text))
    return Target(target.start + shift, target.end + shift, below, target.indent, target.source)
