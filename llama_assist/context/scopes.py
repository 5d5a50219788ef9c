"""Which scope a byte lies in, for scopes nested to any depth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

ROOT = -1
_MAX_HOPS = 64


class Scopes:
    """Nested byte ranges, sorted by their start; `ROOT` is the text itself."""

    def __init__(self, ranges: Iterable[tuple[int, int]]) -> None:
        self.ranges = sorted(set(ranges), key=lambda span: (span[0], -span[1]))
        self.parents = self._place([start for start, _ in self.ranges], skip_self=True)

    def place(self, positions: Sequence[int]) -> list[int]:
        """Return the innermost scope of each position; positions ascend."""
        return self._place(positions, skip_self=False)

    def chain(self, scope: int) -> Iterable[int]:
        """Yield `scope` and the scopes around it, innermost first, without `ROOT`; at most 64."""
        for _ in range(_MAX_HOPS):
            if scope == ROOT:
                return
            yield scope
            scope = self.parents[scope]

    def _place(self, positions: Sequence[int], *, skip_self: bool) -> list[int]:
        placed: list[int] = []
        stack: list[int] = []
        following = 0
        for index, position in enumerate(positions):
            limit = index if skip_self else len(self.ranges)
            while following < limit and self.ranges[following][0] <= position:
                stack.append(following)
                following += 1
            while stack and self.ranges[stack[-1]][1] <= position:
                stack.pop()
            placed.append(stack[-1] if stack else ROOT)
        return placed
