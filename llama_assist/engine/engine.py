"""Token ids in, token ids out: what runs advances together, step by step, until each request has its answer."""

from __future__ import annotations

from collections import deque
from typing import Any

from llama_assist.engine.kv_cache import SlotPool
from llama_assist.engine.messages import Done, Event, Generate, Superseded
from llama_assist.engine.reads import Read
from llama_assist.engine.runner import Runner
from llama_assist.engine.sequence import Sequence
from llama_assist.engine.vocabulary import Vocabulary

CHUNK = 256  # most prompt tokens between two looks at what was cancelled
SHORT_CHUNK = 128  # the same where something more urgent may come
MAX_REMEMBERED = 64  # documents whose last answer is kept for drafts
RANK = {"inline": 0, "chat": 1, "idle": 2}


class Engine:
    """Owns the slots and the queue; `step` is a token of every answer and a chunk of one prompt.

    `num_slots` times the runner's length is the memory for keys and values: requests wait until theirs is free.
    """

    def __init__(self, runner: Runner[Any], vocabulary: Vocabulary, num_slots: int) -> None:
        self._runner = runner
        self._vocabulary = vocabulary
        self._pool = SlotPool(runner.new_slot, num_slots * runner.length)
        self._reserve = runner.length if num_slots > 1 else 0
        self._sequences: deque[Sequence] = deque()
        self._written: dict[str, list[int]] = {}

    @property
    def num_sequences(self) -> int:
        """Return how many requests wait or run."""
        return len(self._sequences)

    def submit(self, request: Generate) -> list[Event]:
        """Queue a request; what it makes pointless ends at once."""
        assert 0 < len(request.token_ids) < self._runner.length
        events: list[Event] = [
            self._supersede(old) for old in list(self._sequences) if _is_pointless(old.request, request)
        ]
        written = self._written.get(request.document, ())
        takes_drafts = self._runner.takes_drafts and request.drafts
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
        """Run the network once for the requests whose turn it is."""
        batch = self._choose()
        reads = [self._next_read(sequence, len(batch)) for sequence in batch]
        events: list[Event] = []
        for sequence, read, logits in zip(batch, reads, self._runner.run(reads) if reads else (), strict=True):
            news = self._take(sequence, read, logits)
            if any(isinstance(event, Done) for event in news):
                self._remove(sequence)
            events += news
        return events

    def _choose(self) -> list[Sequence]:
        """Return who takes part: the first prompt of the highest rank that has work, and the answers beside it.

        An inline prompt is read alone, so that its first token comes as soon as it can. Answers of the chat go on
        beside inline answers, since a row more costs a step little; idle work waits for all others.
        """
        ranked = sorted(self._sequences, key=_rank)
        running = [sequence for sequence in ranked if sequence.slot is not None or self._admit(sequence)]
        if not running:
            return []
        rank = _rank(running[0])
        prompts = [sequence for sequence in running if sequence.is_prefill and _rank(sequence) == rank][:1]
        if prompts and rank == RANK["inline"]:
            return self._turn(prompts)
        answers = [s for s in running if not s.is_prefill and _rank(s) <= max(rank, RANK["chat"])]
        return self._turn(answers + prompts)

    def _turn(self, batch: list[Sequence]) -> list[Sequence]:
        """Send those who take part to the end of the line."""
        for sequence in batch:
            self._sequences.remove(sequence)
            self._sequences.append(sequence)
        return batch

    def _admit(self, sequence: Sequence) -> bool:
        """Give a waiting request a slot; memory for one more is left to inline requests."""
        request = sequence.request
        length = min(len(request.token_ids) + request.sampling.max_tokens, self._runner.length)
        found = self._pool.acquire(request.token_ids, length, 0 if request.priority == "inline" else self._reserve)
        if found is None:
            return False
        sequence.slot, sequence.num_cached = found
        sequence.position = sequence.num_cached
        return True

    def _next_read(self, sequence: Sequence, batch_size: int) -> Read[Any]:
        assert sequence.slot is not None
        if not sequence.is_prefill:
            tokens = sequence.next_tokens(self._runner.length, batch_size)
            return Read(sequence.slot, tokens, sequence.position, is_prompt=False)
        chunk = sequence.next_chunk(CHUNK if sequence.request.priority == "inline" else SHORT_CHUNK)
        is_last = sequence.position + len(chunk) == len(sequence.request.token_ids)
        return Read(sequence.slot, chunk, sequence.position, is_prompt=True, wants_logits=is_last)

    def _take(self, sequence: Sequence, read: Read[Any], logits: Any) -> list[Event]:
        if not read.is_prompt:
            sequence.position += 1
            return sequence.take(logits, read.token_ids, self._runner.length)
        read.slot.token_ids.extend(read.token_ids)
        sequence.position += len(read.token_ids)
        if logits is None:
            return []
        if sequence.request.sampling.max_tokens == 0:
            return [sequence.finish("length")]
        return sequence.take(logits, read.token_ids[-1:], self._runner.length)

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


def _rank(sequence: Sequence) -> int:
    return RANK[sequence.request.priority]


def _is_pointless(old: Generate, new: Generate) -> bool:
    """Tell whether a request need not go on: a newer keystroke came, or the real thing after a warm-up."""
    if not new.document or old.document != new.document:
        return False
    return old.priority == "idle" or (old.priority == "inline" and new.priority == "inline")
