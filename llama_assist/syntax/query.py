"""Questions to a tree: queries kept as data in `queries/<language>/<name>.scm`, errors, a walk at any depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import tree_sitter

from llama_assist.syntax.languages import grammar, query_folder
from llama_assist.syntax.parsed import Parsed

_QUERIES = Path(__file__).with_name("queries")
_MAX_DEPTH = 256


@cache
def query(language: str, name: str) -> tree_sitter.Query | None:
    """Return the query `queries/<language>/<name>.scm`, or None where the language or the file is not there."""
    rules = grammar(language)
    file = _QUERIES / query_folder(language) / f"{name}.scm"
    if rules is None or not file.is_file():
        return None
    found: tree_sitter.Query = tree_sitter.Query(rules, file.read_text(encoding="utf-8"))
    return found


def captures(parsed: Parsed, name: str) -> dict[str, list[tree_sitter.Node]]:
    """Run a query; empty where there is no tree or no such query. Nothing nested deeper than 256 is found."""
    cursor = _cursor(parsed, name)
    return {} if parsed.tree is None or cursor is None else cursor.captures(parsed.tree.root_node)


def matches(parsed: Parsed, name: str) -> list[dict[str, list[tree_sitter.Node]]]:
    """Run a query and return the captures of each match; limits as for `captures`."""
    cursor = _cursor(parsed, name)
    found = [] if parsed.tree is None or cursor is None else cursor.matches(parsed.tree.root_node)
    return [captured for _, captured in found]


def _cursor(parsed: Parsed, name: str) -> tree_sitter.QueryCursor | None:
    """Return a cursor with a limit of depth: without one, deeply nested text takes quadratic time."""
    rules = query(parsed.language, name)
    if rules is None:
        return None
    cursor = tree_sitter.QueryCursor(rules)
    cursor.set_max_start_depth(_MAX_DEPTH)
    return cursor


def walk(node: tree_sitter.Node, into: Callable[[tree_sitter.Node], bool] | None = None) -> Iterator[tree_sitter.Node]:
    """Yield `node` and what stands below it in source order, at any depth; children only where `into` says so."""
    cursor = node.walk()
    while True:
        current = cursor.node
        assert current is not None
        yield current
        if (into is None or into(current)) and cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return


def error_nodes(parsed: Parsed) -> list[tree_sitter.Node]:
    """Return the nodes that break the grammar: what was not understood, and what is missing."""
    if parsed.tree is None:
        return []
    broken = walk(parsed.tree.root_node, into=lambda node: node.has_error)
    return [node for node in broken if node.is_error or node.is_missing]
