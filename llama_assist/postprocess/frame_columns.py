"""Columns that a completion reads from a data frame of the kernel that does not have them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from types import MappingProxyType

import tree_sitter

from llama_assist.postprocess.site import Site
from llama_assist.syntax import Parsed, captures, decode

_MAX_NAME = 59  # longer names may come cut from the kernel
_BY_POSITION = frozenset(  # methods of data frames whose strings without a keyword are columns
    [
        "groupby",
        "group_by",
        "sort_values",
        "set_index",
        "drop_duplicates",
        "explode",
        "value_counts",
        "nlargest",
        "nsmallest",
    ]
)
_BY_KEYWORD = MappingProxyType(
    {
        "groupby": ("by",),
        "sort_values": ("by",),
        "set_index": ("keys",),
        "drop": ("columns",),
        "drop_duplicates": ("subset",),
        "duplicated": ("subset",),
        "dropna": ("subset",),
        "value_counts": ("subset",),
        "explode": ("column",),
        "nlargest": ("columns",),
        "nsmallest": ("columns",),
        "merge": ("on", "left_on"),
        "join": ("on",),
        "pivot": ("index", "columns", "values"),
        "pivot_table": ("index", "columns", "values"),
        "melt": ("id_vars", "value_vars"),
    }
)


def unknown_columns(site: Site, parsed: Parsed, nodes: Iterable[tree_sitter.Node]) -> Iterator[str]:
    """Yield the literals in `nodes` that name a column which neither the kernel's frame nor the text above has."""
    for node in nodes if site.columns else ():
        frame, keys = _read(parsed, node)
        known = site.columns.get(parsed.text(frame)) if frame is not None and keys else None
        if known is None or any(name.startswith("(") for name in known):  # of several levels
            continue
        missing = [key for key in keys if not _is_known(site, parsed, key, known)]
        if frame is not None and missing and not _is_made_anew(site, parsed, parsed.text(frame)):
            yield from map(parsed.text, missing)


def _read(parsed: Parsed, node: tree_sitter.Node) -> tuple[tree_sitter.Node | None, list[tree_sitter.Node]]:
    """Return what may be a frame, and the strings that name columns that are read from it here."""
    if node.type == "subscript" and not _is_target(node):
        return node.child_by_field_name("value"), list(_strings(node.child_by_field_name("subscript")))
    function = node.child_by_field_name("function") if node.type == "call" else None
    arguments = node.child_by_field_name("arguments")
    if function is None or function.type != "attribute" or arguments is None:
        return None, []
    method = function.child_by_field_name("attribute")
    name = parsed.text(method) if method is not None else ""
    return function.child_by_field_name("object"), list(_arguments(parsed, name, arguments))


def _arguments(parsed: Parsed, method: str, arguments: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """Yield the strings among the arguments of a data frame's method that name columns."""
    for argument in arguments.named_children:
        if argument.type != "keyword_argument":
            yield from _strings(argument) if method in _BY_POSITION else ()
            continue
        name = argument.child_by_field_name("name")
        if name is not None and parsed.text(name) in _BY_KEYWORD.get(method, ()):
            yield from _strings(argument.child_by_field_name("value"))


def _strings(node: tree_sitter.Node | None) -> Iterator[tree_sitter.Node]:
    """Yield a string, or those of a list, that says in itself what it is."""
    if node is None:
        return
    for each in node.named_children if node.type == "list" else [node]:
        plain = [child.type for child in each.named_children] == ["string_start", "string_content", "string_end"]
        if each.type == "string" and plain and each.named_children[1].named_child_count == 0:
            yield each


def _is_known(site: Site, parsed: Parsed, literal: tree_sitter.Node, known: frozenset[str]) -> bool:
    name = parsed.text(literal.named_children[1])
    if name in known or len(name) > _MAX_NAME:
        return True
    said = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    return any(map(said.search, (site.prefix, decode(parsed.raw[: literal.start_byte]))))


def _is_made_anew(site: Site, parsed: Parsed, frame: str) -> bool:
    """Tell whether the text binds the frame's name itself, so that it may no longer be what the kernel has."""
    found = captures(parsed, "outline")
    bound = (node for kind, nodes in found.items() if kind.startswith("define.") for node in nodes)
    if any(parsed.text(node) == frame for node in bound):
        return True
    name = rf"(?<![\w.]){re.escape(frame)}"
    return re.search(rf"{name}[ \t]*(?:[,)\]][^=\n]*)?=(?!=)|\b(?:for|as)\b[^\n:]*{name}\b", site.prefix) is not None


def _is_target(node: tree_sitter.Node) -> bool:
    parent = node.parent
    if parent is not None and parent.type in ("pattern_list", "tuple_pattern", "list_pattern"):
        return True
    return parent is not None and parent.type == "assignment" and parent.child_by_field_name("left") == node
