"""Real Python source in pieces of a wanted number of tokens, no piece like another."""

from __future__ import annotations

import argparse
import difflib
import doctest
import inspect
import pydoc
import tarfile
import typing
from collections.abc import Callable

_MODULES = (argparse, difflib, doctest, inspect, pydoc, tarfile, typing)
_LONGEST_TOKEN = 8  # characters per token that source never reaches on the average


class SourceTexts:
    """Walks through modules of the standard library, so that a text shares no beginning with one before."""

    def __init__(self, count: Callable[[str], int]) -> None:
        self._count = count
        self._source = "".join(inspect.getsource(module) for module in _MODULES)
        self._position = 0

    def take(self, num_tokens: int) -> str:
        """Return the next text of `num_tokens` tokens, or one less where no cut gives exactly that."""
        if self._position + num_tokens * _LONGEST_TOKEN > len(self._source):
            self._position = 0
        piece = self._source[self._position : self._position + num_tokens * _LONGEST_TOKEN]
        text = piece[: self._cut(piece, num_tokens)]
        self._position = self._source.index("\n", self._position + len(text)) + 1
        return text

    def _cut(self, piece: str, num_tokens: int) -> int:
        """Return how many characters have at most `num_tokens` tokens."""
        low, high = 0, len(piece)
        while low < high:
            middle = (low + high + 1) // 2
            if self._count(piece[:middle]) <= num_tokens:
                low = middle
            else:
                high = middle - 1
        return low
