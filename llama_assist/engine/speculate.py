"""Drafts by lookup: what followed the last tokens where they stood before, proposed for the next step to verify.

Code repeats itself and its notebook (prompt lookup decoding, github.com/apoorvumang/prompt-lookup-decoding). The
step that verifies a draft gives each of its tokens the same logits as a step of its own would, so the text stays
the same; only the number of steps changes.
"""

from __future__ import annotations

from collections.abc import Sequence

CHEAP_ROWS = 4  # the integer kernels work on four rows at a time: a fifth costs as much as three
LONGEST_DRAFT = CHEAP_ROWS - 1
LONGEST_MATCH = 4  # tokens that must be equal before what followed them is proposed; the longest match wins
SHORTEST_MATCH = 2
MEMORY = 0.8  # weight of the past in the share of draft tokens that were right


class Runs:
    """A text in tokens that knows where every short run of them ended last."""

    def __init__(self, token_ids: Sequence[int]) -> None:
        self.tokens: list[int] = []
        self._ends: dict[tuple[int, ...], int] = {}
        for token_id in token_ids:
            self.append(token_id)

    def append(self, token_id: int) -> None:
        """Add a token. The runs before it are entered now, so that they never find themselves."""
        end = len(self.tokens)
        for length in range(SHORTEST_MATCH, LONGEST_MATCH + 1):
            if length <= end:
                self._ends[tuple(self.tokens[end - length : end])] = end
        self.tokens.append(token_id)

    def after(self, run: Sequence[int]) -> list[int] | None:
        """Return up to `LONGEST_DRAFT` tokens that followed `run`, or None if it never stood here."""
        end = self._ends.get(tuple(run))
        return None if end is None else self.tokens[end : end + LONGEST_DRAFT]


class Drafter:
    """Looks up drafts in the text so far, and in what was `written` for the key before; knows how well they did.

    A keystroke mostly asks again for what the answer before it, finished or cancelled, has begun to write: that
    answer is looked at first.
    """

    def __init__(self, token_ids: Sequence[int], written: Sequence[int] = ()) -> None:
        self._text = Runs(token_ids)
        self._written = Runs(written)
        self._accepted = 0.6

    def append(self, token_id: int) -> None:
        """Add a token of the answer."""
        self._text.append(token_id)

    def draft(self) -> list[int]:
        """Return what may come next: nothing where nothing matches, or where drafts have not paid lately."""
        for length in range(LONGEST_MATCH, SHORTEST_MATCH - 1, -1):
            run = self._text.tokens[-length:]
            if found := self._written.after(run):
                return found
            if found := self._text.after(run):
                return found[: self._worthwhile(length)]
        return []

    def learn(self, num_drafted: int, num_accepted: int) -> None:
        """Note how many tokens of a draft were right."""
        if num_drafted:
            self._accepted += (1 - MEMORY) * (num_accepted / num_drafted - self._accepted)

    def _worthwhile(self, matched: int) -> int:
        """Return how many tokens to draft: few when drafts fail, since a longer step costs more."""
        if self._accepted > 0.5:
            return LONGEST_DRAFT
        if self._accepted > 0.25 or matched == LONGEST_MATCH:
            return 1
        return 0
