"""Long source made short by its syntax: literals cut, bodies left out, statements dropped; never half a token."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

import tree_sitter

from llama_assist.context.outline import Outline, Statement, outline
from llama_assist.syntax import Parsed, comment_prefix, decode, parse, query, sound

Count = Callable[[str], int]
_MAX_TEXT = 240
_MAX_DATA = 240
_KEPT_TEXT = 80
_KEPT_DATA = 120
_MAX_COMMENT_LINES = 6
_SHORT = 240
_Edit = tuple[int, int, bytes]


def elide(parsed: Parsed) -> str:
    """Return the source with long strings and long lists of plain data cut to their beginning."""
    if len(parsed.raw) <= _SHORT:
        return sound(parsed.source).strip("\n")
    return _apply(parsed, _literal_edits(parsed, _matches(parsed)))


def reduce(source: str, used_names: Collection[str], budget: int, count: Count, language: str = "python") -> str:
    """Return `source` in at most `budget` tokens: first without long literals, then without the bodies of functions
    that are not used, then without any body, then only the statements that fit, those that define used names first.

    Empty where not one statement fits.
    """
    return reduced(outline(parse(source, language)), frozenset(used_names), budget, count)


def reduced(of: Outline, used_names: frozenset[str], budget: int, count: Count) -> str:
    """Do what `reduce` does for an outline that is already there."""
    text = elide(of.parsed)
    if count(text) <= budget:
        return text
    matches = _matches(of.parsed)
    literals = _literal_edits(of.parsed, matches)
    edits: list[_Edit] = []
    for keep in (used_names, frozenset[str]()):
        edits = literals + _body_edits(of.parsed, matches, keep)
        text = _apply(of.parsed, edits)
        if count(text) <= budget:
            return text
    return _fitting(of, edits, used_names, budget, count)


def _matches(parsed: Parsed) -> list[Mapping[str, list[tree_sitter.Node]]]:
    rules = query(parsed.language, "reduce")
    if parsed.tree is None or rules is None:
        return []
    return [found for _, found in tree_sitter.QueryCursor(rules).matches(parsed.tree.root_node)]


def _literal_edits(parsed: Parsed, matches: Iterable[Mapping[str, list[tree_sitter.Node]]]) -> list[_Edit]:
    edits = []
    for found in matches:
        for node in found.get("text", ()):
            if node.end_byte - node.start_byte > _MAX_TEXT:
                edits.append(_cut_text(parsed, node))
        for node in found.get("data", ()):
            if node.end_byte - node.start_byte > _MAX_DATA:
                edits.append(_cut_data(parsed, node))
    return edits


def _cut_text(parsed: Parsed, node: tree_sitter.Node) -> _Edit:
    """Keep the beginning of a string, up to a whole code point, and its closing quote."""
    closing = node.children[-1] if node.child_count else node
    end = closing.start_byte if closing is not node else node.end_byte - 1
    kept = parsed.raw[node.start_byte : node.start_byte + _KEPT_TEXT].decode("utf-8", "ignore").encode()
    return node.start_byte + len(kept.rsplit(b"\\", 1)[0]), end, b"..."


def _cut_data(parsed: Parsed, node: tree_sitter.Node) -> _Edit:
    """Keep the first elements of a collection and its closing bracket."""
    end = node.start_byte + 1
    for child in node.named_children:
        if child.end_byte - node.start_byte > _KEPT_DATA:
            break
        end = child.end_byte
    return end, node.end_byte - 1, b", ..." if end > node.start_byte + 1 else b"..."


def _body_edits(
    parsed: Parsed, matches: Iterable[Mapping[str, list[tree_sitter.Node]]], keep: frozenset[str]
) -> list[_Edit]:
    """Replace bodies, except those of the names to keep."""
    edits = []
    for found in matches:
        if "body" in found and parsed.text(found["name"][0]) not in keep:
            node = found["body"][0]
            braces = parsed.data[node.start_byte : node.start_byte + 1] == b"{"
            edits.append((node.start_byte, node.end_byte, b"{ ... }" if braces else b"..."))
    return edits


def _apply(parsed: Parsed, edits: Iterable[_Edit], start: int = 0, end: int | None = None) -> str:
    """Return the source from `start` to `end` with the outermost edits done."""
    stop = len(parsed.raw) if end is None else end
    out, position = [], start
    for first, last, text in sorted(edits, key=lambda edit: (edit[0], -edit[1])):
        if first < position or last > stop or first >= last:
            continue
        out += [parsed.raw[position:first], text]
        position = last
    out.append(parsed.raw[position:stop])
    return decode(b"".join(out)).strip("\n")


def _fitting(of: Outline, edits: list[_Edit], used_names: frozenset[str], budget: int, count: Count) -> str:
    """Keep the statements that fit: from the last to the first, those that define used names before the others."""
    mark = f"{comment_prefix(of.parsed.language)} ...".strip()
    statements = of.statements if of.statements else _lines(of.parsed)
    texts = [_apply(of.parsed, edits, each.start, each.end) for each in statements]
    room = budget - count(mark)
    kept: set[int] = set()
    order = sorted(range(len(texts)), key=lambda index: (not statements[index].defines & used_names, -index))
    for index in order:
        cost = count(texts[index] + "\n") + (0 if {index - 1, index + 1} & kept else count(mark + "\n"))
        if cost <= room:
            kept.add(index)
            room -= cost
    return _joined(texts, kept, mark) if kept else ""


def _lines(parsed: Parsed) -> tuple[Statement, ...]:
    """Return the lines of a text without a grammar as its statements."""
    statements, start = [], 0
    for line in parsed.raw.splitlines(keepends=True):
        statements.append(Statement(start, start + len(line), frozenset(), frozenset()))
        start += len(line)
    return tuple(statements)


def _joined(texts: list[str], kept: Collection[int], mark: str) -> str:
    parts: list[str] = []
    for index, text in enumerate(texts):
        if index in kept:
            parts.append(text)
        elif not parts or parts[-1] != mark:
            parts.append(mark)
    return "\n".join(parts)
