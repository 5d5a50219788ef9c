"""Functions and classes as their callers see them: one line each, the first line of the docstring, no bodies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import tree_sitter

from llama_assist.context.scopes import ROOT, Scopes
from llama_assist.syntax import Parsed, comment_prefix, decode, matches, query

_MAX_HEADER = 240
_MAX_DOC = 100
_MAX_MEMBERS = 16
_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Signature:
    """`text` is ready to show; `header` is its first line without what stands for the body.

    `parameters` is None where they are not known or not all (`**kwargs`).
    """

    name: str
    text: str
    header: str
    parameters: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Item:
    """A function or class: its nodes, its first line, what stands for its body."""

    whole: tree_sitter.Node
    name: str
    header: str
    placeholder: str
    is_class: bool


def signatures(parsed: Parsed) -> tuple[Signature, ...]:
    """Return the functions and classes of the top level, in source order."""
    rules = query(parsed.language, "signatures")
    if rules is None:
        return ()
    items: dict[tuple[int, int], _Item] = {}
    parts: dict[str, list[tree_sitter.Node]] = {rules.capture_name(index): [] for index in range(rules.capture_count)}
    for found in matches(parsed, "signatures"):
        if "name" in found:
            item = _item(parsed, found)
            items.setdefault(item.whole.byte_range, item)
            continue
        for capture, nodes in found.items():
            parts[capture] += nodes
    return tuple(_Tree(parsed, items, parts).top_level()) if items else ()


def _item(parsed: Parsed, found: Mapping[str, list[tree_sitter.Node]]) -> _Item:
    is_class = "class" in found
    whole = found["class" if is_class else "whole"][0]
    end = found["header"][0].end_byte if "header" in found else whole.end_byte
    if "body" in found:
        end = found["body"][0].start_byte
    name = parsed.text(found["name"][0])
    header = " ".join(decode(parsed.raw[whole.start_byte : end]).split())
    placeholder = "{ ... }" if "body" in found and parsed.data[end : end + 1] == b"{" else "..."
    return _Item(whole, name, header if len(header) <= _MAX_HEADER else f"{name}(...)", placeholder, is_class)


class _Tree:
    """Items with what stands in each: its docstring, parameters, fields and the items below it."""

    def __init__(
        self, parsed: Parsed, items: Mapping[tuple[int, int], _Item], parts: Mapping[str, list[tree_sitter.Node]]
    ) -> None:
        scopes = Scopes(items)
        self._parsed = parsed
        self._items = [items[span] for span in scopes.ranges]
        self._parts = {capture: self._texts(scopes, nodes) for capture, nodes in parts.items()}
        self._children: dict[int, list[int]] = defaultdict(list)
        for index, parent in enumerate(scopes.parents):
            self._children[parent].append(index)

    def top_level(self) -> Iterator[Signature]:
        """Yield the signatures of the items that stand in no other."""
        for index in self._children[ROOT]:
            yield self._class(index) if self._items[index].is_class else self._function(index)

    def _texts(self, scopes: Scopes, nodes: Iterable[tree_sitter.Node]) -> Mapping[int, list[str]]:
        """Return the texts of nodes by the item that they stand in, in source order."""
        ordered = sorted(nodes, key=lambda node: node.start_byte)
        texts: dict[int, list[str]] = defaultdict(list)
        for node, index in zip(ordered, scopes.place([node.start_byte for node in ordered]), strict=True):
            texts[index].append(self._parsed.text(node))
        return texts

    def _part(self, capture: str, index: int) -> list[str]:
        return self._parts.get(capture, {}).get(index, [])

    def _function(self, index: int) -> Signature:
        is_known = "parameter" in self._parts and not self._part("open", index)
        parameters = tuple(self._part("parameter", index)) if is_known else None
        return Signature(self._items[index].name, self._line(index), self._items[index].header, parameters)

    def _class(self, index: int) -> Signature:
        fields = [" ".join(text.split()) for text in self._part("field", index)]
        members = (fields + [self._line(child) for child in self._children[index]])[:_MAX_MEMBERS]
        item = self._items[index]
        lines = [item.header, *(_INDENT + member for member in members)]
        return Signature(item.name, "\n".join(lines) if members else self._line(index), item.header)

    def _line(self, index: int) -> str:
        item, mark = self._items[index], comment_prefix(self._parsed.language)
        doc = "".join(self._part("doc", index)[:1]).strip().partition("\n")[0]
        if len(doc) > _MAX_DOC:
            doc = doc[:_MAX_DOC].rpartition(" ")[0] + " ..."
        return f"{item.header} {item.placeholder}" + (f"  {mark} {doc}" if doc and mark else "")
