"""A name that the code below the cursor needs and nobody makes: what belongs here most likely makes it."""

from __future__ import annotations

import tree_sitter

from llama_assist.postprocess.columns import indentation
from llama_assist.postprocess.site import Site
from llama_assist.postprocess.unknown_names import unmade_names
from llama_assist.syntax import captures, parse

_LANGUAGES = ("python", "julia")  # where `name = value` is a statement that makes a name
_MAX_CELL = 20_000
_MAX_BELOW = 2_000


def lead(site: Site, text: str) -> str:
    """Return the beginning of a statement that makes the first name that the code below misses, with its indentation.

    Empty where the completion `text` makes it, where the cursor has no line of its own, and where nothing is missed.
    Names that are only called are left out: they want an import or a function.
    """
    settled = site.settled
    if site.language not in _LANGUAGES or site.names is None or len(site.prefix) > _MAX_CELL:
        return ""
    if site.state or not site.is_line_start or settled.rest.strip() or not settled.lines_below:
        return ""
    name = _first_missed(settled, text)
    return f"{'' if site.typed else indentation(settled.lines_below[0])}{name} =" if name else ""


def _first_missed(site: Site, text: str) -> str:
    below = site.suffix[:_MAX_BELOW].rpartition("\n")[0] if len(site.suffix) > _MAX_BELOW else site.suffix
    parsed = parse(site.prefix + text + below, site.language)
    if parsed.tree is None:
        return ""
    start = parsed.byte_of(len(site.prefix) + len(text))
    missed = unmade_names(site, parsed)
    uses = [node for node in captures(parsed, "outline").get("use", ()) if node.start_byte >= start]
    found = sorted((node.start_byte, parsed.text(node)) for node in uses if parsed.text(node) in missed)
    called = {parsed.text(node) for node in uses if _is_called(node)}
    return found[0][1] if found and found[0][1] not in called else ""


def _is_called(node: tree_sitter.Node) -> bool:
    parent = node.parent
    return parent is not None and parent.type in ("call", "call_expression") and parent.start_byte == node.start_byte
