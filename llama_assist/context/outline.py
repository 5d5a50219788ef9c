"""What a piece of source defines and what it uses, read from its tree by the language's `outline.scm`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import tree_sitter

from llama_assist.context.scopes import ROOT, Scopes
from llama_assist.context.signatures import Signature, signatures
from llama_assist.syntax import Parsed, captures, decode

_DEFINE = "define."
_LIFTED = ("function", "class")  # their names stand inside the scope that they name
_GLOBAL = "global"


@dataclass(frozen=True, slots=True)
class Definition:
    """A name known at the top level; `statement` is the index of the last statement that defines it."""

    name: str
    kind: str
    statement: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One top-level statement with the comments above it: byte range, names defined, names used (free or not)."""

    start: int
    end: int
    defines: frozenset[str]
    uses: frozenset[str]


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement on one line, with the names it makes known."""

    text: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """`uses` are free names in the order of their last use; `imports` and `signatures` are in source order.

    `locals` are (start byte, end byte, names) of inner scopes; `is_open` says that there may be other names: they
    came from elsewhere (`*`), or stand where the text was not parsed.
    """

    parsed: Parsed
    statements: tuple[Statement, ...] = ()
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    uses: tuple[str, ...] = ()
    imports: tuple[Import, ...] = ()
    signatures: tuple[Signature, ...] = ()
    locals: tuple[tuple[int, int, frozenset[str]], ...] = ()
    is_open: bool = False


class _Name(NamedTuple):  # thousands of these in a long text: a dataclass takes three times as long to make
    text: str
    start: int
    kind: str
    scope: int
    known_from: int


class _Use(NamedTuple):
    text: str
    start: int
    scope: int


def outline(parsed: Parsed) -> Outline:
    """Read the outline of a text; empty where its language has no grammar or no query."""
    found = captures(parsed, "outline")
    if parsed.tree is None or not found:
        return Outline(parsed, is_open=parsed.tree is None)
    scopes = Scopes(node.byte_range for node in found.get("scope", ()))
    names = _names(parsed, found, scopes)
    bound = _bound(names, scopes)
    uses = _uses(parsed, found, scopes, names, bound)
    free = _free(uses, names)
    spans = _spans(parsed)
    top = [name for name in names if name.scope == ROOT]
    return Outline(
        parsed,
        _statements(spans, top, uses),
        {name.text: Definition(name.text, name.kind, _index(spans, name.start)) for name in top},
        tuple(reversed(dict.fromkeys(reversed(free)))),
        _imports(parsed, found.get("import", ()), top),
        signatures(parsed),
        tuple((*scopes.ranges[index], frozenset(inner)) for index, inner in enumerate(bound) if inner),
        bool(found.get("open")) or not parsed.is_whole,
    )


def _names(parsed: Parsed, found: Mapping[str, list[tree_sitter.Node]], scopes: Scopes) -> list[_Name]:
    """Return every defined name with its scope, in source order."""
    delays = sorted(node.byte_range for node in found.get("delay", ()))
    starts = [start for start, _ in delays]
    spans = sorted(
        (node.start_byte, node.end_byte, capture[len(_DEFINE) :])
        for capture, captured in found.items()
        if capture.startswith(_DEFINE)
        for node in captured
    )
    names = []
    for (start, end, kind), scope in zip(spans, scopes.place([span[0] for span in spans]), strict=True):
        if kind == _GLOBAL:
            scope = ROOT
        elif kind in _LIFTED and scope != ROOT:
            scope = scopes.parents[scope]
        delay = delays[bisect_right(starts, start) - 1] if starts else (0, 0)
        known_from = delay[1] if delay[0] <= start < delay[1] else start
        names.append(_Name(decode(parsed.data[start:end]), start, kind, scope, known_from))
    return names


def _bound(names: Iterable[_Name], scopes: Scopes) -> list[set[str]]:
    """Return the names bound inside each scope."""
    bound: list[set[str]] = [set() for _ in scopes.ranges]
    for name in names:
        if name.scope != ROOT:
            bound[name.scope].add(name.text)
    return bound


def _uses(
    parsed: Parsed,
    found: Mapping[str, list[tree_sitter.Node]],
    scopes: Scopes,
    names: Iterable[_Name],
    bound: list[set[str]],
) -> list[_Use]:
    """Return each use of a name that no inner scope binds, in source order."""
    taken = {name.start for name in names} | {node.start_byte for node in found.get("ignore", ())}
    nodes = [node for node in found.get("use", ()) if node.start_byte not in taken]
    spans = sorted((node.start_byte, node.end_byte) for node in nodes)  # byte_range takes four times as long
    uses = []
    for (start, end), scope in zip(spans, scopes.place([start for start, _ in spans]), strict=True):
        text = decode(parsed.data[start:end])
        if scope == ROOT or not any(text in bound[index] for index in scopes.chain(scope)):
            uses.append(_Use(text, start, scope))
    return uses


def _free(uses: Iterable[_Use], names: Iterable[_Name]) -> list[str]:
    """Return the uses that nothing in the text itself makes known before; a function's body runs later."""
    known: dict[str, int] = {}
    for name in names:
        if name.scope == ROOT:
            known.setdefault(name.text, name.known_from)
    return [use.text for use in uses if use.text not in known or (use.scope == ROOT and use.start < known[use.text])]


def _spans(parsed: Parsed) -> list[tuple[int, int]]:
    """Return the byte ranges of the top-level statements, whole lines, each with the comments that stand above it."""
    assert parsed.tree is not None
    spans: list[tuple[int, int]] = []
    comment: int | None = None
    for node in parsed.tree.root_node.named_children:
        start, end = node.byte_range
        same_line = bool(spans) and b"\n" not in parsed.data[spans[-1][1] : start]
        if node.is_extra and not node.is_error and not same_line:
            comment = start if comment is None else comment
        elif same_line:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        elif end > start:
            spans.append((start if comment is None else comment, end))
            comment = None
    return spans if comment is None else [*spans, (comment, len(parsed.data))]


def _index(spans: list[tuple[int, int]], byte: int) -> int:
    return max(0, bisect_right(spans, (byte, 1 << 62)) - 1)


def _statements(
    spans: list[tuple[int, int]], top: Iterable[_Name], used_names: Iterable[_Use]
) -> tuple[Statement, ...]:
    defines: list[set[str]] = [set() for _ in spans]
    uses: list[set[str]] = [set() for _ in spans]
    for name in top if spans else ():
        defines[_index(spans, name.start)].add(name.text)
    for use in used_names if spans else ():
        uses[_index(spans, use.start)].add(use.text)
    return tuple(
        Statement(start, end, frozenset(defined), frozenset(used))
        for (start, end), defined, used in zip(spans, defines, uses, strict=True)
    )


def _imports(parsed: Parsed, nodes: Iterable[tree_sitter.Node], top: Iterable[_Name]) -> tuple[Import, ...]:
    """Return the top level's import statements in source order."""
    names: dict[int, list[str]] = {}
    ordered = sorted(nodes, key=lambda node: node.start_byte)
    starts = [node.start_byte for node in ordered]
    for name in top:
        if name.kind == "import" and starts:
            names.setdefault(bisect_right(starts, name.start) - 1, []).append(name.text)
    return tuple(
        Import(" ".join(parsed.text(node).split()), tuple(names.get(index, ()))) for index, node in enumerate(ordered)
    )
