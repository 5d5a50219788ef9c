"""Functions and classes as their callers see them: one line each, the first line of the docstring, no bodies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import tree_sitter

from llama_assist.context.scopes import ROOT, Scopes
from llama_assist.syntax import Parsed, comment_prefix, query

_MAX_HEADER = 240
_MAX_DOC = 100
_MAX_MEMBERS = 16
_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Signature:
    """`text` is ready to show. `parameters` is None where any keyword is taken (`**kwargs`) or for a class."""

    name: str
    text: str
    is_class: bool = False
    parameters: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Item:
    """A function or class: its nodes, and what stands directly inside it."""

    whole: tree_sitter.Node
    name: str
    header: str
    placeholder: str
    is_class: bool


def signatures(parsed: Parsed) -> tuple[Signature, ...]:
    """Return the functions and classes of the top level, in source order."""
    rules = query(parsed.language, "signatures")
    if parsed.tree is None or rules is None:
        return ()
    items: dict[tuple[int, int], _Item] = {}
    parts: dict[str, list[tree_sitter.Node]] = defaultdict(list)
    for _, found in tree_sitter.QueryCursor(rules).matches(parsed.tree.root_node):
        if "name" in found:
            item = _item(parsed, found)
            items.setdefault(item.whole.byte_range, item)
        else:
            for capture, nodes in found.items():
                parts[capture] += nodes
    scopes = Scopes(items)
    owned = {capture: _owned(scopes, nodes) for capture, nodes in parts.items()}
    children: dict[int, list[int]] = defaultdict(list)
    for index, parent in enumerate(scopes.parents):
        children[parent].append(index)
    ordered = [items[span] for span in scopes.ranges]
    return tuple(_signature(parsed, ordered, index, children, owned) for index in children[ROOT])


def _owned(scopes: Scopes, nodes: Iterable[tree_sitter.Node]) -> Mapping[int, list[tree_sitter.Node]]:
    """Return the nodes that stand in each item, in source order."""
    ordered = sorted(nodes, key=lambda node: node.start_byte)
    owned: dict[int, list[tree_sitter.Node]] = defaultdict(list)
    for node, index in zip(ordered, scopes.place([node.start_byte for node in ordered]), strict=True):
        owned[index].append(node)
    return owned


def _item(parsed: Parsed, found: Mapping[str, list[tree_sitter.Node]]) -> _Item:
    is_class = "class" in found
    whole = found["class" if is_class else "whole"][0]
    end = found["body"][0].start_byte if "body" in found else whole.end_byte
    header = " ".join(parsed.raw[whole.start_byte : end].decode("utf-8", "replace").split())
    if len(header) > _MAX_HEADER:
        header = f"{header[:_MAX_HEADER].rsplit(',', 1)[0]}, ...)"
    placeholder = "{ ... }" if "body" in found and parsed.data[end : end + 1] == b"{" else "..."
    return _Item(whole, parsed.text(found["name"][0]), header, placeholder, is_class)


def _signature(
    parsed: Parsed,
    items: list[_Item],
    index: int,
    children: Mapping[int, list[int]],
    owned: Mapping[str, Mapping[int, list[tree_sitter.Node]]],
) -> Signature:
    def part(capture: str, of: int) -> list[tree_sitter.Node]:
        return owned.get(capture, {}).get(of, [])

    def line(of: int) -> str:
        doc = "".join(parsed.text(node) for node in part("doc", of)[:1]).strip().split("\n", 1)[0][:_MAX_DOC]
        mark = comment_prefix(parsed.language)
        return f"{items[of].header} {items[of].placeholder}" + (f"  {mark} {doc}" if doc and mark else "")

    item = items[index]
    names = tuple(parsed.text(node) for node in part("parameter", index))
    if not item.is_class:
        return Signature(item.name, line(index), parameters=None if part("open", index) else names)
    fields = [" ".join(parsed.text(node).split()) for node in part("field", index)]
    members = (fields + [line(child) for child in children.get(index, ())])[:_MAX_MEMBERS]
    text = "\n".join([item.header, *(_INDENT + member for member in members)]) if members else line(index)
    return Signature(item.name, text, is_class=True)
