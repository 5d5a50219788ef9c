"""An answer as a form: text of ours, and holes that the model fills; what is ours the model cannot change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from llama_assist.syntax import parse

FENCE_END = "\n```"


@dataclass(frozen=True, slots=True)
class Step:
    """`text` is ours and comes first. `tokens` 0 means that no hole follows.

    A hole ends at one of `stop`. One `line` of the model is shown whole, between `before` and `after`; where the
    model has nothing to say, `instead` stands there, or nothing at all. `barred` are signs that a line must not have;
    with `language` it must be code that parses.
    """

    text: str = ""
    tokens: int = 0
    stop: tuple[str, ...] = ()
    line: bool = False
    before: str = ""
    after: str = ""
    barred: str = ""
    instead: str = ""
    language: str = ""

    def finished(self, filled: str, *, is_cut: bool) -> str:
        """Return what stands in the place of a line; one that `is_cut` ends with its last whole sentence or word."""
        # A carriage return or another control character would end a comment or a string.
        line = "".join(sign for sign in filled.strip().split("\n")[0] if sign.isprintable())
        for sign in self.barred:
            line = line.replace(sign, "")
        if is_cut:
            line = _whole_words(line)
        line = line.strip()
        line = line if any(sign.isalnum() for sign in line) else self.instead
        whole = f"{self.before}{line}{self.after}"
        is_good = bool(line) and not (self.language and parse(whole, self.language).has_error)
        return whole if is_good else ""


@dataclass(frozen=True, slots=True)
class Place:
    """A piece of a source text, by code points, that a line of the model takes the place of."""

    start: int
    end: int
    before: str
    after: str = ""
    barred: str = ""
    instead: str = ""


def free(tokens: int, text: str = "") -> tuple[Step, ...]:
    """Return the form of an answer in the model's own words."""
    return (Step(text, tokens),)


def code_block(tokens: int, language: str, text: str = "", fence: str = "```") -> tuple[Step, ...]:
    """Return the form of a block of code that begins with `text`; a longer `fence` is for text that has fences."""
    return (Step(f"{fence}{language}\n{text}", tokens, (f"\n{fence}",)), Step(f"\n{fence}"))


def filled_in(
    source: str, language: str, places: Sequence[Place], tokens: int, stop: tuple[str, ...] = ()
) -> tuple[Step, ...]:
    """Return the form of a source text that stays as it is but for its places, which end at `stop` too."""
    return (Step(f"```{language}\n"), *_pieces(source, places, tokens, stop), Step(FENCE_END))


def _pieces(source: str, places: Iterable[Place], tokens: int, more: tuple[str, ...]) -> Iterator[Step]:
    position = 0
    for place in places:
        # A docstring may begin on its second line; a comment that does so says nothing.
        stop = more or tuple(sign * 3 for sign in place.barred if sign in "\"'") or ("\n",)
        yield Step(
            source[position : place.start],
            tokens,
            stop,
            line=True,
            before=place.before,
            after=place.after,
            barred=place.barred,
            instead=place.instead,
        )
        position = place.end
    yield Step(source[position:])


def _whole_words(line: str) -> str:
    """Return the line up to its last sentence; where it has none, up to its last word."""
    sentence = max(line.rfind(sign) for sign in ".!?。")
    return line[: sentence + 1] if sentence > 0 else line.rpartition(" ")[0]
