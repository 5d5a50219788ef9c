"""Positions of the language server protocol, in the units the client chose, to code-point offsets and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from lsprotocol import types

# Only these end a line in the protocol; `str.splitlines` also splits at form feeds and other separators.
_LINE = re.compile(r"\r\n|\n|\r")


def _utf8_units(character: str) -> int:
    code = ord(character)
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4


def _utf16_units(character: str) -> int:
    return 1 if ord(character) < 0x10000 else 2


_UNITS: Mapping[str, Callable[[str], int]] = MappingProxyType(
    {
        types.PositionEncodingKind.Utf8.value: _utf8_units,
        types.PositionEncodingKind.Utf16.value: _utf16_units,
        types.PositionEncodingKind.Utf32.value: lambda character: 1,
    }
)


def choose_encoding(offered: Iterable[str] | None) -> str:
    """Return the first unit that the client offers and we know: `utf-8`, `utf-16` or `utf-32`; UTF-16 by default."""
    names = (str(getattr(name, "value", name)) for name in offered or ())
    return next((name for name in names if name in _UNITS), types.PositionEncodingKind.Utf16.value)


class Lines:
    """Where the lines of one text begin and end; all offsets are code points, all columns units of `encoding`."""

    def __init__(self, text: str, encoding: str) -> None:
        self.text = text
        self._units = _UNITS[encoding]
        ends = [(match.start(), match.end()) for match in _LINE.finditer(text)]
        self._starts = [0, *(end for _, end in ends)]
        self._ends = [*(start for start, _ in ends), len(text)]

    @property
    def count(self) -> int:
        """Number of lines; a text that ends with a line break has an empty last one."""
        return len(self._starts)

    def offset(self, position: types.Position) -> int:
        """Return the offset of a position; beyond the line's end is that end, beyond the last line the text's end.

        A position inside a code point is the place before it.
        """
        if position.line >= self.count:
            return len(self.text)
        start, end = self._starts[position.line], self._ends[position.line]
        if self.text.isascii():
            return min(start + position.character, end)
        units = 0
        for place in range(start, end):
            units += self._units(self.text[place])
            if units > position.character:
                return place
        return end

    def position(self, offset: int) -> types.Position:
        """Return the position of an offset between 0 and the length."""
        line = self.line_of(offset)
        start = self._starts[line]
        end = min(offset, self._ends[line])
        column = end - start if self.text.isascii() else self.width(self.text[start:end])
        return types.Position(line, column)

    def width(self, text: str) -> int:
        """Return the units of a text."""
        return sum(map(self._units, text))

    def range(self, start: int, end: int) -> types.Range:
        """Return the range between two offsets."""
        return types.Range(self.position(start), self.position(end))

    def span(self, given: types.Range) -> tuple[int, int]:
        """Return the offsets of a range, in order."""
        first, second = self.offset(given.start), self.offset(given.end)
        return min(first, second), max(first, second)

    def line_of(self, offset: int) -> int:
        """Return the line that an offset is in."""
        low, high = 0, self.count
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._starts[middle] <= offset else (low, middle)
        return low

    def line_start(self, line: int) -> int:
        """Return the offset at which a line begins; the length of the text behind the last line."""
        return self._starts[line] if line < self.count else len(self.text)

    def line_end(self, line: int) -> int:
        """Return the offset of a line's end, before its line break."""
        return self._ends[line]
