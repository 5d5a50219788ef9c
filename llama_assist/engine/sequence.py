"""One request in the engine, with all of its state."""

from __future__ import annotations

from collections.abc import Sequence as Ids

from torch import Tensor

from llama_assist.engine.kv_cache import Slot
from llama_assist.engine.messages import Choice, Done, Event, Generate, TokenOut
from llama_assist.engine.sampling import Sampler
from llama_assist.engine.speculate import CHEAP_ROWS, LONGEST_MATCH, Drafter
from llama_assist.engine.text import TextStream
from llama_assist.engine.vocabulary import Vocabulary
from llama_assist.types import FinishReason, Usage


class Sequence:
    """Prompt position, sampler, text and slot of one running request; `written` is what another one wrote before."""

    def __init__(
        self, request: Generate, vocabulary: Vocabulary, *, takes_drafts: bool = False, written: Ids[int] = ()
    ) -> None:
        self.request = request
        self.slot: Slot | None = None
        self.position = 0
        self.num_cached = 0
        self.last_token: int | None = None
        self.generated: list[int] = []
        self._vocabulary = vocabulary
        self._drafter = Drafter(request.token_ids, written) if takes_drafts else None
        self._text = TextStream(request.forced, request.sampling.stop)
        self._sampler = Sampler(request.sampling, request.token_ids)

    @property
    def num_generated(self) -> int:
        """Return how many tokens of the answer there are."""
        return len(self.generated)

    @property
    def written(self) -> list[int]:
        """Return the answer so far behind the end of its prompt, as drafts for the next request of the document."""
        return [*self.request.token_ids[-LONGEST_MATCH:], *self.generated]

    @property
    def is_prefill(self) -> bool:
        """Tell whether prompt tokens are still to be read."""
        return self.position < len(self.request.token_ids)

    def next_chunk(self, size: int) -> Ids[int]:
        """Return the prompt tokens of the next step, at most `size`, ending on a multiple of it."""
        end = (self.position // size + 1) * size
        return self.request.token_ids[self.position : end]

    def next_tokens(self, length: int, num_answers: int = 1) -> list[int]:
        """Return the tokens of the next decoding step: the last one, and a draft that still fits.

        `num_answers` take part in the step: together their tokens stay within the rows that come cheaply.
        """
        assert self.last_token is not None
        room = min(length - self.position, self.request.sampling.max_tokens - self.num_generated) - 1
        room = min(room, CHEAP_ROWS // num_answers - 1)
        draft = self._drafter.draft()[: max(0, room)] if self._drafter and not self._text.forced else []
        return [self.last_token, *draft]

    def take(self, logits: Tensor, tokens: Ids[int], length: int) -> list[Event]:
        """Choose a token from each row of `logits` [tokens, vocabulary] as long as the draft foresaw it.

        Every choice is made as if its step had been taken alone, so drafts change neither greedy nor seeded text.
        """
        events: list[Event] = []
        for row, expected in zip(logits, [*tokens[1:], None], strict=True):
            events += self._take_one(row, length)
            if isinstance(events[-1], Done) or self.last_token != expected:
                break
            self.position += 1
        self._learn(len(tokens) - 1, len(events) - 1)
        return events

    def _take_one(self, logits: Tensor, length: int) -> list[Event]:
        """Choose a token, and end the answer where it ends. `length` is the slot's size.

        Logits that pad the head beyond the vocabulary belong to no token. Where single bytes have no token, what
        stands there already may be impossible to spell: then there is no answer.
        """
        logits = logits[: len(self._vocabulary.token_bytes)]
        allowed = self._allowed(len(logits)) if self._text.forced else None
        if allowed == []:
            return [self.finish("stop")]
        choice = self._sampler.choose(logits, allowed)
        self.last_token = choice.token_id
        self.generated.append(choice.token_id)
        if choice.token_id in self.request.stop_ids:
            return [self.finish("stop")]
        events: list[Event] = [self._token_out(choice)]
        if self._drafter:
            self._drafter.append(choice.token_id)
        if self._text.stopped:
            events.append(self.finish("stop"))
        elif self.num_generated >= self.request.sampling.max_tokens or self.position >= length:
            events.append(self.finish("length"))
        return events

    def _allowed(self, num_ids: int) -> list[int]:
        """Return what may come next of what stands there already; a token that ends the answer may not."""
        ids = self._vocabulary.allowed(self._text.forced)
        return [token_id for token_id in ids if token_id < num_ids and token_id not in self.request.stop_ids]

    def _learn(self, num_drafted: int, num_accepted: int) -> None:
        if self._drafter:
            self._drafter.learn(num_drafted, min(num_drafted, num_accepted))

    def finish(self, reason: FinishReason) -> Done:
        """End the answer for `reason`."""
        return Done(self.request.id, reason, self._usage(), self._text.flush())

    def _usage(self) -> Usage:
        return Usage(len(self.request.token_ids), self.num_generated, self.num_cached)

    def _token_out(self, choice: Choice) -> TokenOut:
        data = self._vocabulary.token_bytes
        top = tuple((data[token_id].decode(errors="replace"), value) for token_id, value in choice.top)
        piece = data[choice.token_id]
        text = self._text.push(piece)
        return TokenOut(self.request.id, choice, text, piece.decode(errors="replace"), self._usage(), top)
