"""What a model should know of a document: cells, names and variables, within a budget of tokens."""

from __future__ import annotations

from llama_assist.context.blocks import Block
from llama_assist.context.builder import Context, ContextBuilder
from llama_assist.context.names import Names
from llama_assist.context.reduce import reduce
from llama_assist.context.selection import SOURCES

__all__ = ["SOURCES", "Block", "Context", "ContextBuilder", "Names", "reduce"]
