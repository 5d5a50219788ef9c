"""Token counts of texts, asked once per text, and what fits into a number of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence

END = "\n\n"
_CHARACTERS = 16  # in a token of code, at the most and on average
Count = Callable[[str], int]


class TokenCounts:
    """Counts tokens by `count`, whose answers for the last `size` texts are kept until another `count` comes."""

    def __init__(self, size: int = 8192) -> None:
        self._size = size
        self._count: Count = len
        self._known: OrderedDict[str, int] = OrderedDict()

    def use(self, count: Count) -> None:
        """Count with `count` from now on."""
        if count != self._count:
            self._count = count
            self._known.clear()

    def __call__(self, text: str) -> int:
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._count(text)
        self._known.move_to_end(text)
        while len(self._known) > self._size:
            self._known.popitem(last=False)
        return known


def fits(text: str, budget: int, count: Count) -> bool:
    """Tell whether a text has at most `budget` tokens; of one that is far too long only the beginning is counted."""
    if budget <= 0:
        return budget == 0 and not text
    head = text[: budget * _CHARACTERS]
    return (len(head) == len(text) or count(head) <= budget) and count(text) <= budget


def fitting(lines: Sequence[str], order: Iterable[int], budget: int, count: Count) -> list[int]:
    """Return, ascending, the indices of the lines that fit when they are taken in `order`.

    The lines joined, with an empty line after them, have at most `budget` tokens.
    """
    kept: list[int] = []
    left = budget
    for index in order:
        cost = count(lines[index] + "\n")
        if cost <= left:
            kept.append(index)
            left -= cost
    while kept and count("\n".join(lines[index] for index in sorted(kept)) + END) > budget:
        kept.pop()
    return sorted(kept)
