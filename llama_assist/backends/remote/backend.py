"""A remote engine as a `Backend`: what leaves this machine goes to one origin, and without secrets."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from functools import lru_cache
from typing import Any, Literal

from llama_assist.backends.remote.call import Call, fetch_json
from llama_assist.backends.remote.endpoint import Endpoint
from llama_assist.backends.remote.estimate import MARGIN, estimate_tokens
from llama_assist.backends.remote.http import Request
from llama_assist.backends.remote.order import Order, make_orders
from llama_assist.backends.remote.outgoing import Outgoing, clear
from llama_assist.backends.remote.probe import Remote, model_info, probe
from llama_assist.backends.remote.redact import Redactor
from llama_assist.backends.remote.trim import DivergedError
from llama_assist.backends.tokenizer import PromptTokenizer
from llama_assist.config import Assist
from llama_assist.errors import (
    AssistError,
    BusyError,
    ContextTooLongError,
    EngineUnavailableError,
    ModelError,
    SupersededError,
)
from llama_assist.models.store import Store
from llama_assist.prompt.fim import find_form
from llama_assist.types import Chunk, Job, ModelInfo, Prompt, RemoteEngine, Status

LATENCIES = 50  # durations kept for `status`
CACHED_COUNTS = 512  # texts whose tokens are not counted again

State = Literal["stopped", "loading", "ready", "failed"]


class RemoteBackend:
    """Implements `Backend` with one server; see there for the contract of the methods.

    Nothing is sent before the first `describe`, `generate` or `start`.
    """

    def __init__(
        self,
        config: Assist,
        endpoint: Endpoint,
        log: logging.Logger | None = None,
        store: Store | None = None,
        redactor: Redactor | None = None,
    ) -> None:
        self._config = config
        self._endpoint = endpoint
        self._log = log or logging.getLogger("llama_assist")
        self._store = store or Store()
        self._redactor = None if endpoint.is_loopback else redactor or Redactor()
        self._known: tuple[Remote, ModelInfo] | None = None
        self._model = config.model
        self._probe: asyncio.Task[tuple[Remote, ModelInfo]] | None = None
        self._failure = ""
        self._tokenizer: PromptTokenizer | None = None
        self._counted = lru_cache(CACHED_COUNTS)(self._count)
        self._calls: dict[Call, str] = {}
        self._num_redacted = 0
        self._latencies: deque[float] = deque(maxlen=LATENCIES)

    async def describe(self) -> ModelInfo:
        """Ask the server what it serves, once; all who wait share one question, and a failure is asked about again."""
        if self._known is None:
            if self._probe is None or self._probe.done():
                self._probe = asyncio.create_task(self._ask())
                self._probe.add_done_callback(_mark_retrieved)
            self._known = await asyncio.shield(self._probe)
        return self._known[1]

    def count(self, text: str) -> int:
        """Return the number of tokens, an estimate where the model's tokenizer is not on this machine."""
        return self._counted(text)

    def outgoing(self, prompt: Prompt) -> Prompt:
        """Return the prompt as it leaves this machine."""
        return self._clear(prompt).prompt

    def status(self) -> Status:
        """Return what is known without asking."""
        remote = RemoteEngine(self._endpoint.origin, self._model, self._num_redacted)
        is_asking = self._probe is not None and not self._probe.done()
        state: State = "ready" if self._known else "loading" if is_asking else "failed" if self._failure else "stopped"
        return Status(
            state=state,
            model=self._model,
            detail=self._failure or self._notice,
            device=self._endpoint.origin,
            running=len(self._calls),
            latencies_ms=tuple(round(latency, 1) for latency in self._latencies),
            remote=remote,
        )

    async def start(self) -> None:
        """Ask the server now; it loads its model when it likes."""
        await self.describe()

    async def stop(self) -> None:
        """End all answers and forget what the server said."""
        for call in self._calls:
            call.end(EngineUnavailableError("The engine was stopped in the middle of the answer.", "stopped"))
        if self._probe is not None:
            self._probe.cancel()
        self._known = self._probe = self._tokenizer = None
        self._failure = ""
        self._counted.cache_clear()

    async def generate(self, job: Job) -> AsyncGenerator[Chunk, None]:
        """Stream one answer; its first chunk says where the text went and what was left out of it."""
        await self.describe()
        if len(self._calls) >= self._config.max_queue:
            raise BusyError(f"{len(self._calls)} requests are waiting already; try again in a moment.")
        orders, debug = self._orders(job)
        call = self._begin(job)
        started = time.perf_counter()
        try:
            yield Chunk(debug=debug)
            async with aclosing(self._first_good(call, orders)) as chunks:
                async for chunk in chunks:
                    yield chunk
            self._latencies.append((time.perf_counter() - started) * 1e3)
        except EngineUnavailableError as error:
            self._forget(error)
            raise
        finally:
            del self._calls[call]

    def _forget(self, error: EngineUnavailableError) -> None:
        """Ask again with the next request what the server is: when it is back it may serve another model."""
        if error.state != "stopped":
            self._failure, self._known = str(error), None

    async def _first_good(self, call: Call, orders: list[Order]) -> AsyncGenerator[Chunk, None]:
        """Stream the answer to the first order, or to the next where it does not begin as it must."""
        for order in orders:
            try:
                async with aclosing(call.chunks(order, self.count(order.text))) as chunks:
                    async for chunk in chunks:
                        yield chunk
                return
            except DivergedError:
                continue

    def _begin(self, job: Job) -> Call:
        """Return the call of a job, which takes the place of an older inline one of the same document."""
        key = job.document if job.priority == "inline" else ""
        for older, document in self._calls.items():
            if key and document == key:
                older.end(SupersededError("A newer request for the same document took this one's place."))
        call = Call(self._endpoint, self._config.backend_timeout)
        self._calls[call] = key
        return call

    def _orders(self, job: Job) -> tuple[list[Order], dict[str, object]]:
        """Return what to send, one after the other, and what the user may know of it."""
        remote, info = self._remote
        outgoing = self._clear(job.prompt)
        if outgoing.count:
            self._num_redacted += outgoing.count
            self._log.warning("%d secrets were left out of a prompt for %s", outgoing.count, self._endpoint.origin)
        orders = make_orders(remote, replace(job, prompt=outgoing.prompt))
        for order in orders:
            num_tokens = self.count(order.text)
            if num_tokens + 1 >= info.context_length:
                raise ContextTooLongError(num_tokens, info.context_length)
            order.limit(info.context_length - num_tokens)
        debug: dict[str, object] = {"remote": {"origin": self._endpoint.origin, "model": remote.model}}
        return orders, debug | ({"redacted": dict(outgoing.redacted)} if outgoing.count else {})

    def _clear(self, prompt: Prompt) -> Outgoing:
        if self._redactor is None:
            return Outgoing(prompt)
        family = self._known[1].family if self._known is not None else ""
        return clear(prompt, self._redactor, find_form(family).suffix)

    async def _ask(self) -> tuple[Remote, ModelInfo]:
        async def fetch(method: str, path: str, body: object) -> dict[str, Any] | None:
            return await fetch_json(self._endpoint, self._config.backend_timeout, Request(method, path, body))

        try:
            remote = await probe(fetch, self._config)
        except AssistError as error:
            self._failure = str(error)
            raise
        self._failure, self._model = "", remote.model
        self._tokenizer = await asyncio.to_thread(self._find_tokenizer, remote.model)
        self._counted.cache_clear()
        if self._endpoint.key and not self._endpoint.is_secret:
            self._log.warning("The key for %s and all text go there without encryption.", self._endpoint.origin)
        return remote, model_info(remote, self._config.context_length, 0.0 if self._tokenizer else MARGIN)

    def _find_tokenizer(self, model: str) -> PromptTokenizer | None:
        """Return the tokenizer of a model of the same name that is installed here; its owner does not count."""
        try:
            checkpoint = self._store.find(model.rpartition("/")[2].lower())
        except ModelError:
            return None
        return None if checkpoint is None else PromptTokenizer(checkpoint.tokenizer_path)

    def _count(self, text: str) -> int:
        return estimate_tokens(text) if self._tokenizer is None else len(self._tokenizer.encode(text))

    @property
    def _notice(self) -> str:
        sent = f"Text is sent to {self._endpoint.origin}"
        return f"{sent}; {self._num_redacted} secrets were left out of it." if self._num_redacted else f"{sent}."

    @property
    def _remote(self) -> tuple[Remote, ModelInfo]:
        assert self._known is not None
        return self._known


def _mark_retrieved(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()
