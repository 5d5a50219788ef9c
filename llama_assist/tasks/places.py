"""Where comments and docstrings of a cell belong, and where those that it has stand: found by syntax."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter

from llama_assist.context.outline import outline
from llama_assist.syntax import Parsed, comment_prefix, parse, walk
from llama_assist.tasks.steps import Place

MAX_PLACES = 24
_MAX_GROUP = 3
_QUOTES = ('"""', "'''", '"', "'")
_BARRED = "\"'\\"


def missing_words(source: str, language: str) -> list[Place]:
    """Return where docstrings (Python) and comments are missing: in functions and classes, above statements."""
    parsed = parse(source, language)
    if parsed.tree is None:
        return []
    places = [*_docstrings(parsed)] if parsed.language == "python" else []
    places += _comments(parsed, comment_prefix(language))
    return sorted(places, key=lambda place: place.start)[:MAX_PLACES]


def present_words(source: str, language: str) -> list[Place]:
    """Return every line of a comment or docstring that holds words."""
    parsed = parse(source, language)
    if parsed.tree is None:
        return []
    places: list[Place] = []
    for node in walk(parsed.tree.root_node):
        if "comment" in node.type or _is_docstring(node, parsed):
            places += _lines(parsed, node)
    return places


def _docstrings(parsed: Parsed) -> Iterator[Place]:
    assert parsed.tree is not None
    for node in walk(parsed.tree.root_node):
        body = node.child_by_field_name("body")
        if node.type not in ("function_definition", "class_definition") or body is None or node.has_error:
            continue
        first = body.named_children[0] if body.named_children else None
        colon = next((child for child in node.children if child.type == ":"), None)
        if first is None or colon is None or body.start_point.row == colon.start_point.row or _is_string(first):
            continue
        indent = parsed.source[_line_start(parsed, first.start_byte) : parsed.offset_of(first.start_byte)]
        line = parsed.source.find("\n", parsed.offset_of(colon.start_byte)) + 1
        if not indent.strip():
            yield Place(line, line, f'{indent}"""', '"""\n', _BARRED)


def _comments(parsed: Parsed, mark: str) -> Iterator[Place]:
    """Yield a place above each group of statements at the top level that no comment stands above."""
    statements = outline(parsed).statements if mark else ()
    previous = -1
    for number, statement in enumerate(statements):
        text = parsed.raw[statement.start : statement.end].decode("utf-8", "replace")
        gap = parsed.raw[previous : statement.start] if previous >= 0 else b"\n\n"
        starts_group = gap.count(b"\n") > 1 or len(statements) <= _MAX_GROUP + 1
        previous = statement.end
        if _needs_comment(text, mark) and (starts_group or number == 0):
            line = _line_start(parsed, statement.start)
            yield Place(line, line, f"{mark} ", "\n", "\\")


def _needs_comment(text: str, mark: str) -> bool:
    plain = ("import ", "from ", "def ", "class ", "async ", "@", "%", "!", mark, '"', "'")
    return not text.startswith(plain) and not text.isidentifier() and any(sign in text for sign in "=([")


def _is_string(node: tree_sitter.Node) -> bool:
    return node.type == "string" or (
        node.type == "expression_statement" and node.named_child_count == 1 and node.named_children[0].type == "string"
    )


def _is_docstring(node: tree_sitter.Node, parsed: Parsed) -> bool:
    """Tell whether a node is the string that begins a module, class or function in Python."""
    parent = node.parent
    if parsed.language != "python" or node.type != "expression_statement" or parent is None or not _is_string(node):
        return False
    return parent.type in ("module", "block") and next(iter(parent.named_children)) == node


def _lines(parsed: Parsed, node: tree_sitter.Node) -> Iterator[Place]:
    """Yield the words of each line of a comment or docstring, without marks, quotes and indentation."""
    start, end = parsed.offset_of(node.start_byte), parsed.offset_of(node.end_byte)
    text = parsed.source[start:end]
    quote = next((each for each in _QUOTES if text.startswith(each)), "") if "comment" not in node.type else ""
    barred = _BARRED if quote else "\\"
    position = start
    for line in text.splitlines(keepends=True):
        words = line.strip().removeprefix(quote).removesuffix(quote) if quote else line.strip()
        words = words if quote else words.lstrip("#/*-!%' ").removesuffix("*/")
        words = words.strip()
        if any(sign.isalpha() for sign in words) and words in line:
            at = position + line.index(words)
            yield Place(at, at + len(words), "", "", barred, words)
        position += len(line)


def _line_start(parsed: Parsed, byte: int) -> int:
    return parsed.source.rfind("\n", 0, parsed.offset_of(byte)) + 1
