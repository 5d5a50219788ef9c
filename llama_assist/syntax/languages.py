"""Which grammar parses which language; a language whose grammar is not installed is plain text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import MappingProxyType

import tree_sitter


@dataclass(frozen=True, slots=True)
class Spec:
    """`grammars` are (module, function) pairs in order of preference; `comment` begins a line comment.

    `queries` names the folder of queries where it is another language's.
    """

    comment: str
    grammars: tuple[tuple[str, str], ...] = ()
    aliases: tuple[str, ...] = ()
    queries: str = ""


LANGUAGES: Mapping[str, Spec] = MappingProxyType(
    {
        "python": Spec("#", (("tree_sitter_python", "language"),), ("ipython", "ipython3", "python3", "py")),
        "r": Spec(
            "#", (("tree_sitter_r", "language"), ("tree_sitter_language_pack.bindings.r", "language")), ("ir", "rlang")
        ),
        "julia": Spec("#", (("tree_sitter_julia", "language"),), ("jl",)),
        "javascript": Spec("//", (("tree_sitter_javascript", "language"),), ("js", "jsx", "node", "ecmascript")),
        "typescript": Spec("//", (("tree_sitter_typescript", "language_typescript"),), ("ts", "deno")),
        "tsx": Spec("//", (("tree_sitter_typescript", "language_tsx"),), queries="typescript"),
        "sql": Spec("--", (("tree_sitter_sql", "language"),), ("sqlite", "mysql", "postgresql", "bigquery")),
        "bash": Spec("#", (("tree_sitter_bash", "language"),), ("sh", "shell", "zsh")),
        "cpp": Spec(
            "//", (("tree_sitter_cpp", "language"),), ("c++", "c++11", "c++14", "c++17", "c++20", "c", "h", "hpp")
        ),
        "markdown": Spec("", (("tree_sitter_markdown", "language"),), ("md", "ipythongfm", "gfm")),
    }
)
_ALIASES = MappingProxyType({alias: name for name, spec in LANGUAGES.items() for alias in spec.aliases})


def canonical(name: str) -> str:
    """Return our name of a language: `ipython3` is `python`; a name that is not known stays, in lower case."""
    lowered = name.strip().lower()
    return _ALIASES.get(lowered, lowered)


def comment_prefix(language: str) -> str:
    """Return what begins a line comment; empty where a comment needs no mark (prose, unknown text)."""
    spec = LANGUAGES.get(canonical(language))
    return spec.comment if spec is not None else ""


def query_folder(language: str) -> str:
    """Return the name of the folder with the language's queries."""
    name = canonical(language)
    spec = LANGUAGES.get(name)
    return spec.queries if spec is not None and spec.queries else name


@cache
def grammar(name: str) -> tree_sitter.Language | None:
    """Return the grammar, or None where the language is unknown or no package that fits is installed."""
    spec = LANGUAGES.get(canonical(name))
    for module, function in spec.grammars if spec is not None else ():
        try:
            return tree_sitter.Language(getattr(import_module(module), function)())
        except (ImportError, ValueError):  # not installed, or built for another version of tree-sitter
            continue
    return None
