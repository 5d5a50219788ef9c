"""Text in, tree out: parsing with tree-sitter that never raises on any text, known language or not."""

from __future__ import annotations

from llama_assist.syntax.ipython import cell_language
from llama_assist.syntax.languages import canonical, comment_prefix, grammar
from llama_assist.syntax.parsed import Parsed, parse
from llama_assist.syntax.query import captures, error_nodes, matches, query, walk
from llama_assist.syntax.text import decode, encode, sound

__all__ = [
    "Parsed",
    "canonical",
    "captures",
    "cell_language",
    "comment_prefix",
    "decode",
    "encode",
    "error_nodes",
    "grammar",
    "matches",
    "parse",
    "query",
    "sound",
    "walk",
]
