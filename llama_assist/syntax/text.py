"""The one place where text becomes bytes: UTF-8, with lone surrogates replaced by one byte each."""

from __future__ import annotations


def encode(text: str) -> bytes:
    """Return UTF-8; a lone surrogate becomes `?`, so the number of code points is the same after decoding."""
    return text.encode("utf-8", "replace")


def decode(data: bytes) -> str:
    """Return text; half a code point at either end becomes U+FFFD."""
    return data.decode("utf-8", "replace")


def sound(text: str) -> str:
    """Return text that every encoder takes: lone surrogates, which can come from JSON, become `?`."""
    return text if text.isascii() else decode(encode(text))


def common_prefix(a: bytes, b: bytes) -> int:
    """Return how many leading bytes `a` and `b` share."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def common_suffix(a: bytes, b: bytes, limit: int) -> int:
    """Return how many trailing bytes `a` and `b` share, at most `limit`."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if a[len(a) - middle : len(a) - low] == b[len(b) - middle : len(b) - low]:
            low = middle
        else:
            high = middle - 1
    return low


def point(data: bytes, byte: int) -> tuple[int, int]:
    """Return (row, column in bytes) of a byte offset."""
    return data.count(b"\n", 0, byte), byte - (data.rfind(b"\n", 0, byte) + 1)
