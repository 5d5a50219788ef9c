"""A source text with its syntax tree, and the one conversion between code points and bytes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import thread_time

import tree_sitter

from llama_assist.syntax.ipython import neutralise
from llama_assist.syntax.languages import canonical, grammar
from llama_assist.syntax.text import common_prefix, common_suffix, decode, encode, point
from llama_assist.syntax.window import Window, find_window

_CHUNK = 4096
_MANY = 1_000
_SECONDS = 0.15
_SECONDS_PER_BYTE = 1e-6
_BROKEN_SECONDS = 0.025  # for what is known to be broken; unbroken text takes a fiftieth of it


@dataclass(frozen=True, slots=True)
class Parsed:
    """`tree` is None where the language is not known or the text was too hard to parse.

    `raw` is the source in UTF-8; `data` is what the tree was built from: as long as `raw`, magics made neutral, and
    empty lines in the place of all that stands outside of the window where not the whole was parsed.
    """

    source: str
    language: str
    raw: bytes
    data: bytes
    tree: tree_sitter.Tree | None
    is_whole: bool = True

    @property
    def has_error(self) -> bool:
        """Whether the text breaks the grammar; False for a language without one."""
        return self.tree is not None and self.tree.root_node.has_error

    def byte_of(self, offset: int) -> int:
        """Return the byte offset of a code-point offset, both from 0 to the length."""
        if len(self.raw) == len(self.source):
            return min(offset, len(self.raw))
        return len(encode(self.source[:offset]))

    def offset_of(self, byte: int) -> int:
        """Return the code-point offset of a byte offset; inside a code point, that code point's start."""
        if len(self.raw) == len(self.source):
            return min(byte, len(self.source))
        return len(self.raw[:byte].decode("utf-8", "ignore"))

    def text(self, node: tree_sitter.Node) -> str:
        """Return the source of a node."""
        return decode(self.raw[node.start_byte : node.end_byte])


def parse(source: str, language: str, old: Parsed | None = None, focus: int | None = None) -> Parsed:
    """Parse any text without raising. `old`, an earlier state of the same text, makes it incremental.

    With `focus`, a code-point offset, only a window around that is parsed of a text that is very long, or long and
    badly broken.
    A cell with a `%%magic` is parsed in the language given: ask `cell_language` first.
    """
    name = canonical(language)
    raw = encode(source)
    part = Window(0, len(raw)) if focus is None else _window(raw, name, len(encode(source[:focus])))
    data = _only(neutralise(raw[part.start : part.end], name), part.start, len(raw))
    known = old if old is not None and old.language == name else None
    if known is not None and known.data == data:
        return replace(known, source=source, raw=raw)
    old_tree = _edited(known, data) if known is not None and not part.is_broken else None
    seconds = _BROKEN_SECONDS if part.is_broken else _SECONDS + _SECONDS_PER_BYTE * len(data)
    return Parsed(source, name, raw, data, _tree(data, name, old_tree, seconds), part.end - part.start == len(raw))


def _window(raw: bytes, name: str, focus: int) -> Window:
    if grammar(name) is None:
        return Window(0, len(raw))
    return find_window(raw, focus, lambda sample: _tree(neutralise(sample, name), name, None, _BROKEN_SECONDS))


def _only(part: bytes, start: int, length: int) -> bytes:
    """Return `part` at `start` among empty lines."""
    if len(part) == length:
        return part
    return b"\n" * start + part + b"\n" * (length - start - len(part))


def _edited(old: Parsed, data: bytes) -> tree_sitter.Tree | None:
    """Return a copy of the old tree, told which bytes changed."""
    if old.tree is None:
        return None
    start = common_prefix(old.data, data)
    shared = common_suffix(old.data, data, min(len(old.data), len(data)) - start)
    old_end, new_end = len(old.data) - shared, len(data) - shared
    tree = old.tree.copy()
    tree.edit(start, old_end, new_end, point(data, start), point(old.data, old_end), point(data, new_end))
    return tree


def _tree(data: bytes, name: str, old_tree: tree_sitter.Tree | None, seconds: float) -> tree_sitter.Tree | None:
    """Parse within a CPU time that ordinary text of the same length stays far below."""
    language = grammar(name)
    if language is None:
        return None
    deadline = thread_time() + seconds
    parser = tree_sitter.Parser(language)

    def read(byte: int, _point: tree_sitter.Point) -> bytes:
        return data[byte : byte + _CHUNK]

    def halt(_byte: int, _has_error: bool) -> bool:
        return thread_time() > deadline

    try:
        if old_tree is None:
            tree = parser.parse(read, progress_callback=halt)
        else:
            tree = parser.parse(read, old_tree, progress_callback=halt)
    except ValueError:  # the only sign that tree-sitter gives of a parse that was stopped
        return None
    return None if _is_rubble(tree) else tree


def _is_rubble(tree: tree_sitter.Tree) -> bool:
    """Tell whether the parser gave up on a long text: queries over such heaps of tokens take quadratic time."""
    nodes = [tree.root_node] if tree.root_node.has_error else []
    for node in nodes:
        if node.child_count > _MANY and node.named_child_count * 4 < node.child_count:
            return True
        if len(nodes) < _MANY:
            nodes += [child for child in node.children[:_MANY] if child.has_error]
    return False
