"""The part of a cell around the cursor that a prompt shows; its start moves in big steps, so that it stays cached."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

Count = Callable[[str], int]

WINDOW_STEP = 0.45  # of the budget, by which the start of the prefix window moves: in between, it stays cached
BLOCK = 16  # lines whose tokens are counted together; the counts of texts that come again are cached
FAR = 100_000  # characters; what is farther above than once to twice this is not even counted
SUFFIX_SHARE = 0.15  # of the budget; a suffix is re-read when it changes, and its first lines say the most
TYPED_SHARE = 0.3  # of the budget, for the current line up to the cursor: one with a literal of kilobytes is cut
TYPED_STEP = 128  # characters by which its start moves then
MAX_HEADERS = 6  # lines such as `class` and `def` around the window whose own lines are above it
MAX_HEADER = 200  # characters of such a line


@dataclass(frozen=True, slots=True)
class Window:
    """The cell around the cursor as the prompt shows it: `typed` is the current line up to the cursor.

    `left_out` is what stands above the prefix and is not shown. A prefix that begins within blocks begins with the
    lines that open them.
    """

    prefix: str
    typed: str
    suffix: str
    left_out: str = ""


def cut_window(prefix: str, suffix: str, budget: int, count: Count) -> Window:
    """Cut prefix and suffix to `budget` tokens together; only a very long current line is cut in itself."""
    line = prefix.rfind("\n") + 1
    above, typed = prefix[:line], _end(prefix[line:], int(budget * TYPED_SHARE), count)
    left = budget - count(typed)
    short_suffix = _head(suffix, int(budget * SUFFIX_SHARE), count)
    left_out, shown = _tail(above, max(1.0, budget * WINDOW_STEP), left - count(short_suffix), count)
    return Window("".join([*_headers(left_out, shown), *shown]), typed, short_suffix, "".join(left_out))


def _end(typed: str, budget: int, count: Count) -> str:
    """Return the end of a line that has too many tokens, from a multiple of a step on: it stays as one types."""
    most = 2 * budget
    if len(typed) <= most or count(typed) <= budget:
        return typed
    return typed[ceil((len(typed) - most) / TYPED_STEP) * TYPED_STEP :]


def _tail(text: str, step: float, budget: int, count: Count) -> tuple[Sequence[str], Sequence[str]]:
    """Split text into the lines left out and the last lines, which have at most `budget` tokens.

    They begin where the tokens from the top pass a multiple of `step`. That place depends on nothing below it, so it
    stays while as many tokens as the step has are added. The step is shorter where little of the budget is left,
    because the line at the cursor is very long.
    """
    far = max(0, len(text) // FAR - 1) * FAR
    lines = text[text.find("\n", far) + 1 if far else 0 :].splitlines(keepends=True)
    totals = [0]
    for start in range(0, len(lines), BLOCK):
        totals.append(totals[-1] + count("".join(lines[start : start + BLOCK])))
    while step > budget * 0.8 and step > 1.0:
        step /= 2
    excess = totals[-1] - budget
    goal = ceil(excess / step) * step if excess > 0 else 0
    block = bisect_left(totals, goal)
    if goal > totals[-1]:
        return lines, ()
    first, passed = max(0, block - 1) * BLOCK, totals[max(0, block - 1)]
    for line in lines[first : block * BLOCK]:
        if passed >= goal:
            break
        passed += count(line)
        first += 1
    return lines[:first], lines[first:]


def _headers(above: Sequence[str], shown: Sequence[str]) -> list[str]:
    """Return the lines of `above` that open the blocks that the first shown line is in, the outermost first.

    By indentation alone, which does for every language that people indent.
    """
    first = next((line for line in shown if line.strip()), "")
    column, headers = _column(first), list[str]()
    for line in reversed(above):
        if column == 0 or len(headers) == MAX_HEADERS:
            break
        if line.strip() and _column(line) < column:
            column = _column(line)
            headers += [line] if line.rstrip().endswith((":", "{")) and len(line) <= MAX_HEADER else []
    return headers[::-1]


def _column(line: str) -> int:
    return len(line) - len(line.lstrip())


def _head(text: str, budget: int, count: Count) -> str:
    """Return the first lines within `budget`; of the rest of the current line some words at least."""
    lines = text.splitlines(keepends=True)
    kept = lines[0] if lines else ""
    if len(kept) > 2 * budget and count(kept) > budget:
        start = kept[: 2 * budget]
        return start.rpartition(" ")[0] or start
    for line in lines[1:]:
        if count(kept + line) > budget:
            break
        kept += line
    return kept
