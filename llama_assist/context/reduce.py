"""Long source made short by its syntax: literals cut, bodies left out, statements dropped; never half a token."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property

import tree_sitter

from llama_assist.context.outline import Outline, Statement, outline
from llama_assist.context.tokens import Count, fits
from llama_assist.syntax import Parsed, comment_prefix, decode, matches, parse, sound

_MAX_TEXT = 200
_MAX_DATA = 200
_KEPT_TEXT = 80
_KEPT_DATA = 120
_MAX_STATEMENTS = 256
_SHORT = 200
_MAX_NODES = 400  # of a collection are looked at
_IS_CODE = re.compile(r"call|lambda|comprehension|function|generator|await|ERROR")
_Match = Mapping[str, list[tree_sitter.Node]]
_Edit = tuple[int, int, bytes]


def reduce(source: str, used_names: Collection[str], budget: int, count: Count, language: str = "python") -> str:
    """Return `source` in at most `budget` tokens: first without long literals, then without the bodies of functions
    that are not used, then without any body, then only the statements that fit, those that define used names first.

    Empty where not one statement fits.
    """
    return Reducible(outline(parse(source, language))).reduced(frozenset(used_names), budget, count)


class Reducible:
    """A text that can be made shorter; what may go is found once."""

    def __init__(self, of: Outline) -> None:
        self._outline = of
        self._parsed = of.parsed

    @cached_property
    def text(self) -> str:
        """The source with long strings and long lists of plain data cut to their beginning."""
        if len(self._parsed.raw) <= _SHORT:
            return sound(self._parsed.source).strip("\n")
        return _apply(self._parsed, self._literals)

    def reduced(self, used_names: frozenset[str], budget: int, count: Count) -> str:
        """Do what `reduce` does."""
        if fits(self.text, budget, count):
            return self.text
        edits: list[_Edit] = []
        for keep in (used_names, frozenset[str]()):
            edits = sorted(self._literals + _body_edits(self._parsed, self._found, keep), key=_outermost_first)
            text = _apply(self._parsed, edits)
            if fits(text, budget, count):
                return text
        return _fitting(self._outline, edits, used_names, budget, count)

    @cached_property
    def _found(self) -> Sequence[_Match]:
        return matches(self._parsed, "reduce")

    @cached_property
    def _literals(self) -> list[_Edit]:
        return _literal_edits(self._parsed, self._found)


def _literal_edits(parsed: Parsed, matched: Iterable[_Match]) -> list[_Edit]:
    edits = []
    for found in matched:
        for node in found.get("text", ()):
            if node.end_byte - node.start_byte > _MAX_TEXT:
                edits.append(_cut_text(parsed, node))
        for node in found.get("data", ()):
            if node.end_byte - node.start_byte > _MAX_DATA and _is_plain(node):
                edits.append(_cut_data(parsed, node))
    return sorted(edits, key=_outermost_first)


def _is_plain(node: tree_sitter.Node) -> bool:
    """Tell whether the first parts of a collection call nothing: then it is data, and its beginning says enough."""
    nodes = [node]
    for each in nodes:
        if _IS_CODE.search(each.type):
            return False
        if len(nodes) < _MAX_NODES:
            nodes.extend(each.named_children[: _MAX_NODES - len(nodes)])
    return True


def _outermost_first(edit: _Edit) -> tuple[int, int]:
    return edit[0], -edit[1]


def _cut_text(parsed: Parsed, node: tree_sitter.Node) -> _Edit:
    """Keep the beginning of a string, whole words up to an escape, and its closing quote; or the first of several."""
    if node.type == "concatenated_string":
        first = node.named_children[0]
        return first.end_byte, node.end_byte, b" '...'"
    closing = node.children[-1] if node.child_count else node
    end = closing.start_byte if closing is not node else node.end_byte - 1
    kept = parsed.raw[node.start_byte : node.start_byte + _KEPT_TEXT].decode("utf-8", "ignore").encode()
    words = kept.rpartition(b" ")[0] if kept.count(b" ") > 1 else kept
    return node.start_byte + len(words.partition(b"\\")[0]), end, b"..."


def _cut_data(parsed: Parsed, node: tree_sitter.Node) -> _Edit:
    """Keep the first elements of a collection and its closing bracket."""
    end = node.start_byte + 1
    for child in node.named_children:
        if child.end_byte - node.start_byte > _KEPT_DATA:
            break
        end = child.end_byte
    return end, node.end_byte - 1, b", ..." if end > node.start_byte + 1 else b"..."


def _body_edits(parsed: Parsed, matched: Iterable[_Match], keep: frozenset[str]) -> list[_Edit]:
    """Replace bodies, except those of the names to keep."""
    edits = []
    for found in matched:
        if "body" in found and parsed.text(found["name"][0]) not in keep:
            node = found["body"][0]
            braces = parsed.data[node.start_byte : node.start_byte + 1] == b"{"
            edits.append((node.start_byte, node.end_byte, b"{ ... }" if braces else b"..."))
    return edits


def _apply(parsed: Parsed, edits: list[_Edit], start: int = 0, end: int | None = None) -> str:
    """Return the source from `start` to `end` with the outermost edits done; `edits` are sorted by their start."""
    stop = len(parsed.raw) if end is None else end
    out, position = [], start
    for first, last, text in edits[bisect_left(edits, (start, 0, b"")) : bisect_left(edits, (stop, 0, b""))]:
        if position <= first < last <= stop:
            out += [parsed.raw[position:first], text]
            position = last
    out.append(parsed.raw[position:stop])
    return decode(b"".join(out)).strip("\n")


def _fitting(of: Outline, edits: list[_Edit], used_names: frozenset[str], budget: int, count: Count) -> str:
    """Keep the statements that fit: from the last to the first, those that define used names before the others."""
    mark = f"{comment_prefix(of.parsed.language)} ...".strip()
    statements = of.statements if of.statements else _lines(of.parsed)
    order = sorted(range(len(statements)), key=lambda index: (not statements[index].defines & used_names, -index))
    kept: dict[int, str] = {}
    room = budget - count(mark)
    for index in order[:_MAX_STATEMENTS]:
        text = _apply(of.parsed, edits, statements[index].start, statements[index].end)
        gap = 0 if {index - 1, index + 1} & kept.keys() else count(mark + "\n")
        if fits(text + "\n", room - gap, count):
            kept[index] = text
            room -= count(text + "\n") + gap
    while kept and count(_joined(kept, len(statements), mark)) > budget:
        kept.popitem()
    return _joined(kept, len(statements), mark) if kept else ""


def _lines(parsed: Parsed) -> tuple[Statement, ...]:
    """Return the last lines of a text without a grammar as its statements, all before them as the first one."""
    statements, start = [], 0
    for line in parsed.raw.rsplit(b"\n", _MAX_STATEMENTS):
        statements.append(Statement(start, start + len(line), frozenset(), frozenset()))
        start += len(line) + 1
    return tuple(statements)


def _joined(kept: Mapping[int, str], num_statements: int, mark: str) -> str:
    """Return the kept statements in their order, with `mark` where others are left out."""
    parts, following = [], 0
    for index in sorted(kept):
        parts += [mark] if index > following else []
        parts.append(kept[index])
        following = index + 1
    return "\n".join([*parts, mark] if following < num_statements else parts)
