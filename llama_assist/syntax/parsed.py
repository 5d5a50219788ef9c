"""A source text with its syntax tree, and the one conversion between code points and bytes."""

from __future__ import annotations

from dataclasses import dataclass
from time import thread_time

import tree_sitter

from llama_assist.syntax.ipython import neutralise
from llama_assist.syntax.languages import canonical, grammar
from llama_assist.syntax.text import common_prefix, common_suffix, decode, encode, point

_CHUNK = 4096
_MANY = 1_000
_SECONDS = 0.15
_SECONDS_PER_BYTE = 1e-6


@dataclass(frozen=True, slots=True)
class Parsed:
    """`tree` is None where the language is not known or the text was too hard to parse.

    `raw` is the source in UTF-8; `data` is what the tree was built from: as long as `raw`, magics made neutral.
    """

    source: str
    language: str
    raw: bytes
    data: bytes
    tree: tree_sitter.Tree | None

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


def parse(source: str, language: str, old: Parsed | None = None) -> Parsed:
    """Parse any text without raising. `old`, an earlier state of the same text, makes it incremental.

    A cell with a `%%magic` is parsed in the language given: ask `cell_language` first.
    """
    name = canonical(language)
    raw = encode(source)
    data = neutralise(raw, name)
    if old is not None and old.language == name and old.data == data:
        return Parsed(source, name, raw, data, old.tree)
    old_tree = _edited(old, data) if old is not None and old.language == name else None
    return Parsed(source, name, raw, data, _tree(data, name, old_tree))


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


def _tree(data: bytes, name: str, old_tree: tree_sitter.Tree | None) -> tree_sitter.Tree | None:
    """Parse within a CPU time that ordinary text of the same length stays far below."""
    language = grammar(name)
    if language is None:
        return None
    deadline = thread_time() + _SECONDS + _SECONDS_PER_BYTE * len(data)
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
