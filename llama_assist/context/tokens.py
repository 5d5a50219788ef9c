"""Token counts of texts, asked once per text."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable


class TokenCounts:
    """Counts tokens by `count`, whose answers for the last `size` texts are kept until another `count` comes."""

    def __init__(self, size: int = 8192) -> None:
        self._size = size
        self._count: Callable[[str], int] = len
        self._known: OrderedDict[str, int] = OrderedDict()

    def use(self, count: Callable[[str], int]) -> None:
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
