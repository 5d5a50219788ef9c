"""Names that a completion uses though nothing in the notebook or the kernel has them: a reason to doubt it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import tree_sitter

from llama_assist.postprocess.frame_columns import unknown_columns
from llama_assist.postprocess.region import narrow
from llama_assist.postprocess.site import Site
from llama_assist.syntax import Parsed, captures, parse, walk

_DOUBT = 0.5
_HISTORY = re.compile(r"_i?\d+\Z")  # IPython's earlier inputs and results


def doubt_of_names(site: Site, text: str) -> float:
    """Return the factor for the confidence: 1.0 where every name, keyword argument and column is known or may be."""
    return _DOUBT ** len(unknown_names(site, text))


def unknown_names(site: Site, text: str) -> frozenset[str]:
    """Return the names, keyword arguments and columns in `text` that do not exist, where the site knows all of them."""
    if not text.strip() or (site.names is None and not site.parameters and not site.columns):
        return frozenset()
    near = narrow(site)
    parsed = parse(near.prefix + text + near.suffix, site.language)
    if parsed.tree is None:
        return frozenset()
    start, end = parsed.byte_of(len(near.prefix)), parsed.byte_of(len(near.prefix) + len(text))

    def touches(node: tree_sitter.Node) -> bool:
        return node.start_byte < end and node.end_byte > start

    nodes = [node for node in walk(parsed.tree.root_node, into=touches) if touches(node)]
    names = unmade_names(site, parsed).intersection(parsed.text(node) for node in nodes)
    return names.union(_keywords(site, parsed, nodes), unknown_columns(site, parsed, nodes))


def unmade_names(site: Site, parsed: Parsed) -> frozenset[str]:
    """Return the names used anywhere in `parsed` that neither it nor anything around the site defines."""
    if site.names is None:
        return frozenset()
    found = captures(parsed, "outline")
    defined = [node for kind, nodes in found.items() if kind.startswith("define.") for node in nodes]
    known = site.names.union(parsed.text(node) for node in defined)
    taken = {node.start_byte for node in (*defined, *found.get("ignore", ()))}
    used = (node for node in found.get("use", ()) if node.start_byte not in taken)
    return frozenset(name for name in map(parsed.text, used) if name not in known and not _HISTORY.match(name))


def _keywords(site: Site, parsed: Parsed, nodes: Iterable[tree_sitter.Node]) -> Iterator[str]:
    """Yield the keyword arguments that a function of the notebook does not take."""
    for node in nodes:
        call = node.parent.parent if node.type == "keyword_argument" and node.parent is not None else None
        function = call.child_by_field_name("function") if call is not None else None
        name = node.child_by_field_name("name")
        known = site.parameters.get(parsed.text(function)) if function is not None else None
        if known is not None and name is not None and parsed.text(name) not in known:
            yield parsed.text(name)
