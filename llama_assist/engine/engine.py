"""Token ids in, token ids out: requests take turns, one step at a time, until each has its answer."""

from __future__ import annotations

from collections import deque
from typing import Any

from llama_assist.engine.kv_cache import SlotPool
from llama_assist.engine.messages import Done, Event, Generate, Superseded
from llama_assist.engine.runner import Runner
from llama_assist.engine.sequence import Sequence
from llama_assist.engine.vocabulary import Vocabulary

CHUNK = 256  # most prompt tokens between two looks at what was cancelled
MAX_REMEMBERED = 64  # documents whose last answer is kept for drafts
RANK = {"inline": 0, "chat": 1, "idle": 2}


class Engine:
    """Owns the slots and the queue; `step` is one chunk of a prompt or one token of an answer."""

    def __init__(self, runner: Runner[Any], vocabulary: Vocabulary, num_slots: int) -> None:
        self._runner = runner
        self._vocabulary = vocabulary
        self._pool = SlotPool([runner.new_slot() for _ in range(num_slots)])
        self._sequences: deque[Sequence] = deque()
        self._written: dict[str, list[int]] = {}

    @property
    def num_sequences(self) -> int:
        """Return how many requests wait or run."""
        return len(self._sequences)

    def submit(self, request: Generate) -> list[Event]:
        """Queue a request; older inline requests of the same document end at once."""
        assert 0 < len(request.token_ids) < self._runner.length
        events: list[Event] = []
        if request.document and request.priority == "inline":
            events = [self._supersede(old) for old in list(self._sequences) if _is_older(old.request, request)]
        written = self._written.get(request.document, ())
        takes_drafts = self._runner.takes_drafts
        self._sequences.append(Sequence(request, self._vocabulary, takes_drafts=takes_drafts, written=written))
        return events

    def cancel(self, request_id: str) -> list[Event]:
        """End a request now; unknown ids have ended already and are ignored."""
        for sequence in self._sequences:
            if sequence.request.id == request_id:
                self._remove(sequence)
                return [sequence.finish("cancelled")]
        return []

    def step(self) -> list[Event]:
        """Run the network once for the request whose turn it is."""
        sequence = self._next()
        if sequence is None:
            return []
        events = self._prefill(sequence) if sequence.is_prefill else self._decode(sequence)
        if any(isinstance(event, Done) for event in events):
            self._remove(sequence)
        return events

    def _next(self) -> Sequence | None:
        """Choose the first of the highest priority, and send it to the end of the line for the next turn."""
        for sequence in sorted(self._sequences, key=lambda sequence: RANK[sequence.request.priority]):
            if sequence.slot is not None or self._admit(sequence):
                self._sequences.remove(sequence)
                self._sequences.append(sequence)
                return sequence
        return None

    def _admit(self, sequence: Sequence) -> bool:
        """Give a waiting request a slot; only inline requests may take the last free one of several."""
        reserved = 0 if sequence.request.priority == "inline" or len(self._pool.slots) == 1 else 1
        if self._pool.num_free <= reserved:
            return False
        sequence.slot, sequence.num_cached = self._pool.acquire(sequence.request.token_ids)
        sequence.position = sequence.num_cached
        return True

    def _prefill(self, sequence: Sequence) -> list[Event]:
        slot, tokens = sequence.slot, sequence.next_chunk(CHUNK)
        assert slot is not None
        is_last = sequence.position + len(tokens) == len(sequence.request.token_ids)
        logits = self._runner.prefill(tokens, slot, sequence.position, want_logits=is_last)
        slot.token_ids.extend(tokens)
        sequence.position += len(tokens)
        if logits is None:
            return []
        if sequence.request.sampling.max_tokens == 0:
            return [sequence.finish("length")]
        return sequence.take(logits[None], tokens[-1:], self._runner.length)

    def _decode(self, sequence: Sequence) -> list[Event]:
        tokens = sequence.next_tokens(self._runner.length)
        logits = self._runner.decode(tokens, sequence.slot, sequence.position)
        sequence.position += 1
        return sequence.take(logits, tokens, self._runner.length)

    def _supersede(self, sequence: Sequence) -> Event:
        self._remove(sequence)
        return Superseded(sequence.request.id)

    def _remove(self, sequence: Sequence) -> None:
        self._sequences.remove(sequence)
        self._remember(sequence)
        if sequence.slot is not None:
            self._pool.release(sequence.slot)
            sequence.slot = None

    def _remember(self, sequence: Sequence) -> None:
        """Keep what was written for a document; an answer cancelled before its first token leaves the older one."""
        document = sequence.request.document
        if not document or not sequence.generated:
            return
        self._written.pop(document, None)
        self._written[document] = sequence.written
        if len(self._written) > MAX_REMEMBERED:
            del self._written[next(iter(self._written))]


def _is_older(old: Generate, new: Generate) -> bool:
    return old.document == new.document and old.priority == "inline"
