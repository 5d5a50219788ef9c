"""The engine on this machine: encodes prompts here, lets a worker process run the model."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from itertools import count
from typing import Any

from llama_assist.backends.process import Event
from llama_assist.backends.supervisor import STOPPED, Supervisor
from llama_assist.backends.tokenizer import PromptTokenizer
from llama_assist.checkpoint import Checkpoint
from llama_assist.config import Assist
from llama_assist.errors import (
    BusyError,
    ContextTooLongError,
    EngineCrashedError,
    EngineUnavailableError,
    InvalidRequestError,
    ModelError,
    SupersededError,
)
from llama_assist.models.store import Store
from llama_assist.types import Chunk, Job, ModelInfo, Status, TokenLogprob, Usage

LATENCIES = 50  # durations kept for `status`


class LocalBackend:
    """Implements `Backend` with one worker process; see there for the contract of the methods."""

    def __init__(self, config: Assist, log: logging.Logger | None = None, store: Store | None = None) -> None:
        self._config = config
        self._log = log or logging.getLogger("llama_assist")
        self._store = store or Store()
        self._supervisor = Supervisor(config, self._log, self._load_order)
        self._model: tuple[ModelInfo, PromptTokenizer] | None = None
        self._ids = count(1)
        self._num_active = 0
        self._latencies: deque[float] = deque(maxlen=LATENCIES)

    async def describe(self) -> ModelInfo:
        """Read the checkpoint's settings and tokenizer, once, away from the event loop."""
        while self._model is None:
            model = self._config.model
            opened = await asyncio.to_thread(self._open, model)
            if model == self._config.model:  # it may have been switched meanwhile
                self._model = opened
        return self._model[0]

    def count(self, text: str) -> int:
        """Return the number of tokens of `text`; `describe` comes first."""
        return len(self._tokenizer.encode(text))

    def status(self) -> Status:
        """Return what the supervisor and the worker say."""
        worker = self._supervisor.worker
        running = worker.num_requests if worker is not None else 0
        return Status(
            state=self._supervisor.state,
            model=self._config.model,
            detail=self._supervisor.detail,
            device=str(self._supervisor.ready.get("device", "")),
            weights=str(self._supervisor.ready.get("weights", self._config.weights)),
            memory_bytes=worker.memory_bytes() if worker is not None else 0,
            queue=max(0, self._num_active - running),
            running=running,
            restarts=self._supervisor.restarts,
            latencies_ms=tuple(round(latency, 1) for latency in self._latencies),
        )

    async def start(self) -> None:
        """Load the model, and read the tokenizer meanwhile; an earlier failure is forgotten."""
        self._supervisor.forget_failures()
        await asyncio.gather(self.describe(), self._supervisor.acquire())
        self._supervisor.note_idle()

    async def switch(self, model: str) -> None:
        """Serve `model` from now on; what runs ends with an error, and nothing is written to the settings' files."""
        opened = await asyncio.to_thread(self._open, model)
        if model != self._config.model:
            self._config.model, self._model = model, opened
            self._supervisor.forget_failures()
            await self._supervisor.stop()

    async def stop(self) -> None:
        """End the worker."""
        await self._supervisor.stop()

    async def generate(self, job: Job) -> AsyncGenerator[Chunk, None]:
        """Stream one answer; a worker that dies before the first chunk is replaced, once."""
        if self._num_active >= self._config.max_queue:
            raise BusyError(f"{self._num_active} requests are waiting already; try again in a moment.")
        self._num_active += 1
        started, has_begun = time.perf_counter(), False
        try:
            await self.describe()
            order = self._order(job)
            async with aclosing(self._run_with_retry(order)) as chunks:
                async for chunk in chunks:
                    has_begun = True
                    yield chunk
        finally:
            if has_begun:  # also where the listener has heard enough, as inline completions end
                self._latencies.append((time.perf_counter() - started) * 1e3)
            self._num_active -= 1
            self._supervisor.note_idle()

    async def _run_with_retry(self, order: dict[str, Any]) -> AsyncGenerator[Chunk, None]:
        has_begun = False
        try:
            async with aclosing(self._run(order)) as chunks:
                async for chunk in chunks:
                    has_begun = True
                    yield chunk
        except EngineCrashedError:
            if has_begun:
                raise
        else:
            return
        async with aclosing(self._run(order)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _run(self, order: dict[str, Any]) -> AsyncGenerator[Chunk, None]:
        worker = await self._supervisor.acquire()
        request_id = str(next(self._ids))
        queue = worker.open_queue(request_id)
        worker.send({"op": "generate", "id": request_id, **order})
        has_ended, offset = False, 0
        try:
            while not has_ended:
                event = await queue.get()
                has_ended = event["event"] != "token"
                yield self._chunk(event, offset)
                offset += len(event.get("piece", ""))
        finally:
            worker.close_queue(request_id)
            if not has_ended:
                worker.send({"op": "cancel", "id": request_id})

    def _chunk(self, event: Event, offset: int) -> Chunk:
        """Return an event as a chunk; `offset` is where its token begins in the text that the model wrote."""
        if event["event"] == "token":
            top = tuple((piece, float(value)) for piece, value in event["top"])
            logprobs = (TokenLogprob(event["piece"], event["logprob"], top, offset),)
            return Chunk(event["text"], logprobs=logprobs, usage=Usage(**event["usage"]))
        if event["event"] == "done":
            return Chunk(event["text"], finish_reason=event["finish_reason"], usage=Usage(**event["usage"]))
        if event["event"] == "superseded":
            raise SupersededError("A newer request for the same document took this one's place.")
        if event["event"] == "stopped":
            raise EngineUnavailableError(STOPPED, "stopped")
        raise EngineCrashedError("The engine ended in the middle of the answer. It starts again with the next request.")

    def _order(self, job: Job) -> dict[str, Any]:
        """Return the line for the worker; raise `ContextTooLongError` naming both numbers.

        An empty prompt begins a text: the token that ends one stands before it.
        """
        token_ids, forced = self._tokenizer.encode_prompt(job.prompt)
        token_ids = token_ids or self._tokenizer.special_ids(self._info.eos_tokens)[:1]
        if not token_ids:
            raise InvalidRequestError("The prompt is empty.", "prompt")
        limit = min(self._config.context_length, self._info.context_length)
        if len(token_ids) + 1 >= limit:
            raise ContextTooLongError(len(token_ids), limit)
        stop_tokens = (*self._info.eos_tokens, *job.sampling.stop_tokens)
        return {
            "token_ids": token_ids,
            "forced": forced.decode("latin-1"),
            "sampling": asdict(job.sampling),
            "stop_ids": self._tokenizer.special_ids(stop_tokens),
            "priority": job.priority,
            "document": job.document,
            "drafts": job.drafts,
        }

    def _load_order(self) -> dict[str, Any]:
        config, checkpoint = self._config, self._find(self._config.model)
        return {
            "checkpoint": str(checkpoint.path),
            "manifest": str(checkpoint.manifest_path) if checkpoint.manifest_path else None,
            "id": checkpoint.id,
            "weights": config.weights,
            "fast_prefill": config.fast_prefill,
            "device": config.device,
            "num_threads": config.num_threads,
            "context_length": min(config.context_length, checkpoint.context_length),
            "num_slots": config.num_slots,
        }

    def _open(self, model: str) -> tuple[ModelInfo, PromptTokenizer]:
        checkpoint = self._find(model)
        return checkpoint.info(), PromptTokenizer(checkpoint.tokenizer_path)

    def _find(self, model: str) -> Checkpoint:
        checkpoint = self._store.find(model)
        if checkpoint is None:
            raise ModelError(
                f"The weights of {model} are not on this machine. Run `llama-assist model pull {model}`.",
                "not-installed",
            )
        return checkpoint

    @property
    def _info(self) -> ModelInfo:
        assert self._model is not None
        return self._model[0]

    @property
    def _tokenizer(self) -> PromptTokenizer:
        assert self._model is not None
        return self._model[1]
