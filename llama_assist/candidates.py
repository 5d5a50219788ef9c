"""Several candidates of one inline completion: distinct, best first, all written within the same request.

The first is what the model finds likeliest. A further one leaves it at a token where another was nearly as likely, and
goes on from there as the likeliest; the prompt and all before that token are in the cache. Where no such tokens are
left, or the request asks for chance, it is drawn by chance.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from llama_assist.inline import InlineAnswer
from llama_assist.types import Chunk, CompletionRequest, TokenLogprob

ALTERNATIVES = 5  # asked for at each token of the first candidate
FEW_ALTERNATIVES = 2  # where one candidate is wanted: another is written only if nothing is left of the first
TRIES = 2  # for each further candidate: what comes out like an earlier one, or is not to be shown, is no candidate
SAME = "the same as another candidate"


@dataclass(frozen=True, slots=True)
class Attempt:
    """The `number`-th try at a candidate, from 0; `head` is what it must begin with.

    `tokens` are those of the head, as the first candidate wrote them but for the last; `length` is that of their text.
    """

    number: int = 0
    head: str = ""
    tokens: tuple[TokenLogprob, ...] = ()
    length: int = 0

    async def continued(self, chunks: AsyncGenerator[Chunk, None], typed: str) -> AsyncGenerator[Chunk, None]:
        """Stream head and answer as if the model had written both.

        `typed` is what stands before the answer, the head included; its end is in the answer's first tokens once more.
        """
        text, written, shift = "", list[TokenLogprob](), 0
        has_begun = not self.head
        async with aclosing(chunks):
            async for chunk in chunks:
                if has_begun:
                    yield _shifted(chunk, shift)
                    continue
                text, written = text + chunk.text, [*written, *chunk.logprobs]
                if text or chunk.finish_reason is not None:
                    again = healed(typed, written, text)
                    has_begun, shift = True, max(0, self.length - (again or 0))
                    known = () if again is None else tuple(written)
                    yield self._opening(replace(chunk, text=text, logprobs=known), shift)

    def _opening(self, chunk: Chunk, shift: int) -> Chunk:
        tokens = [token for token in self.tokens if token.text_offset + len(token.token) <= shift]
        return replace(chunk, text=self.head + chunk.text, logprobs=(*tokens, *_shifted(chunk, shift).logprobs))


Write = Callable[[Attempt], tuple[InlineAnswer, AsyncGenerator[Chunk, None]]]


class Candidate:
    """One candidate, while and after it is written."""

    def __init__(self, answer: InlineAnswer, chunks: AsyncGenerator[Chunk, None]) -> None:
        self.answer = answer
        self._chunks = chunks
        self._parts: list[Chunk] = []

    async def write(self) -> AsyncGenerator[Chunk, None]:
        """Stream what may be shown, then the closing chunk."""
        async with aclosing(self._chunks) as chunks:
            async for chunk in chunks:
                self._parts.append(chunk)
                yield chunk

    @property
    def text(self) -> str:
        """What of it is shown; nothing if it is not to be shown."""
        return "".join(chunk.text for chunk in self._parts)

    @property
    def whole(self) -> Chunk:
        """The candidate as one chunk."""
        return replace(self._parts[-1], text=self.text)

    @property
    def confidence(self) -> float:
        """How likely it is right, as the user is told."""
        debug = self._parts[-1].debug
        value = debug.get("confidence") if debug is not None else None
        return value if isinstance(value, float) else 0.0

    @property
    def without_text(self) -> Chunk:
        """The candidate as a choice that is not to be shown, and says why."""
        if not self.text:
            return self.whole
        debug = {**(self._parts[-1].debug or {}), "shown": False, "reason": SAME}
        return replace(self._parts[-1], text="", logprobs=(), finish_reason="stop", debug=debug)


async def write_candidates(request: CompletionRequest, typed: str, write: Write) -> AsyncGenerator[Chunk, None]:
    """Stream `request.n` choices; those for which no further candidate was found come last, and are empty.

    Unless the best is wanted first, the likeliest text is streamed as the first choice while it is written, if any of
    it may be shown; the others follow whole, best first. `typed` stands before the answer on its line.
    """
    first = Candidate(*write(Attempt()))
    is_streamed = False
    async with aclosing(first.write()) as chunks:
        async for chunk in chunks:
            is_streamed = is_streamed or bool(chunk.text and not request.best_first)
            if is_streamed:
                yield chunk
    choices = await _choices(request, typed, write, first, is_first_fixed=is_streamed)
    for index, choice in enumerate(choices):
        if index > 0 or not is_streamed:
            yield replace(choice, index=index)


async def _choices(
    request: CompletionRequest, typed: str, write: Write, first: Candidate, *, is_first_fixed: bool
) -> list[Chunk]:
    """Write the further candidates; return all of them in their order."""
    is_shown = is_first_fixed or bool(first.text.strip())
    found, rest = ([first], []) if is_shown else ([], [first])
    for attempt in _attempts(first.answer, request, typed):
        if len(found) == request.n:
            break
        candidate = Candidate(*write(attempt))
        async for _ in candidate.write():
            pass
        is_new = candidate.text.rstrip() not in {"", *(each.text.rstrip() for each in found)}
        (found if is_new else rest).append(candidate)
    fixed = found[:1] if is_first_fixed else []
    ranked = fixed + sorted(found[len(fixed) :], key=lambda each: -each.confidence)
    return [*(each.whole for each in ranked), *(each.without_text for each in rest)][: request.n]


def _attempts(first: InlineAnswer, request: CompletionRequest, typed: str) -> Iterator[Attempt]:
    """Yield the tries after the first, the most promising one first; chance only where several are wanted."""
    is_lost = first.confidence == 0.0
    branches = _branches(first, typed, is_early=is_lost) if request.sampling.temperature == 0.0 else iter(())
    for number in range(1, 1 + TRIES * (request.n - 1) + is_lost):
        attempt = next(branches, Attempt() if request.n > 1 else None)
        if attempt is None:
            return
        yield replace(attempt, number=number)


def _branches(first: InlineAnswer, typed: str, *, is_early: bool) -> Iterator[Attempt]:
    """Yield the beginnings that leave the first candidate for another token, the likeliest beginning first.

    `is_early`: the shortest first, where nothing of the first candidate is of use.
    """
    text, tokens = first.written
    start = healed(typed, tokens, text)
    if start is None:
        return
    written = typed[len(typed) - start :] + text
    found: list[tuple[float, Attempt]] = []
    before: list[TokenLogprob] = []
    offset, likelihood = 0, 0.0
    for token in tokens:
        if offset >= max(len(written.rstrip()), start + 1):
            break
        for piece, logprob in token.top:
            beginning = written[:offset] + piece
            if _is_branch(beginning, written, start) and piece.strip():
                other = TokenLogprob(piece, logprob, token.top, offset)
                attempt = Attempt(0, beginning[start:], (*before, other), len(beginning))
                found.append((likelihood + logprob, attempt))
        before.append(replace(token, text_offset=offset))
        offset, likelihood = offset + len(token.token), likelihood + token.logprob
    ranked = sorted(found, key=lambda each: (len(each[1].tokens) if is_early else 0, -each[0]))
    yield from (attempt for _, attempt in ranked)


def _is_branch(beginning: str, written: str, start: int) -> bool:
    """Tell whether a text can begin so: it keeps what stands in the document, and is not the first candidate's."""
    is_kept = len(beginning) > start and beginning.startswith(written[:start])
    return is_kept and not written.startswith(beginning) and "\ufffd" not in beginning


def healed(typed: str, tokens: Sequence[TokenLogprob], text: str) -> int | None:
    """Return how many characters at the end of `typed` the tokens wrote once more, before they wrote `text`.

    None where that cannot be told: tokens that hold parts of characters.
    """
    written = "".join(token.token for token in tokens)
    if not text:
        return len(written) if typed.endswith(written) else None
    lengths = range(min(len(typed), len(written)) + 1)
    return next((each for each in lengths if written.startswith(typed[len(typed) - each :] + text)), None)


def _shifted(chunk: Chunk, by: int) -> Chunk:
    logprobs = (replace(token, text_offset=token.text_offset + by) for token in chunk.logprobs)
    return replace(chunk, logprobs=tuple(logprobs))
