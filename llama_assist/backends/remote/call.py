"""One order on its way to a remote engine: sent, tried once more if nothing has come back, and given up at any time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from llama_assist.backends.remote.answer import AnswerReader
from llama_assist.backends.remote.endpoint import Endpoint
from llama_assist.backends.remote.http import Exchange, ProtocolError, Request, Response, SilenceError
from llama_assist.backends.remote.order import Order
from llama_assist.backends.remote.refusal import refusal, unreachable
from llama_assist.errors import AssistError, EngineCrashedError, EngineUnavailableError
from llama_assist.types import Chunk

RETRY_PAUSE = 0.2  # seconds before the second and last try
COUNT_SECONDS = 2.0  # that a server gets after the end of an answer to send its counts
MAX_BODY = 4 * 1024 * 1024  # bytes of an answer that is not streamed


class Call:
    """Runs one order. `timeout` is in seconds and bounds each silence."""

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        self._endpoint = endpoint
        self._timeout = timeout
        self._exchange = Exchange(endpoint, timeout)
        self._reason: AssistError | None = None

    def end(self, reason: AssistError) -> None:
        """Close the connection; whoever waits for the answer gets `reason`."""
        self._reason = reason
        self._exchange.abort()

    async def chunks(self, order: Order, prompt_tokens: int) -> AsyncGenerator[Chunk, None]:
        """Stream the answer. Closing this closes the connection, and the server stops to generate."""
        for is_last in (False, True):
            has_begun = False
            try:
                async with aclosing(self._once(order, prompt_tokens)) as chunks:
                    async for chunk in chunks:
                        has_begun = True
                        yield chunk
                return
            except OSError as error:
                if is_last or has_begun or self._reason or not _may_help(error):
                    raise self._failure(error, has_begun=has_begun) from error
            await asyncio.sleep(RETRY_PAUSE)

    async def _once(self, order: Order, prompt_tokens: int) -> AsyncGenerator[Chunk, None]:
        reader = AnswerReader(self._endpoint.origin, prompt_tokens, order)
        self._exchange = Exchange(self._endpoint, self._timeout)
        try:
            if self._reason is not None:
                raise self._reason
            response = await self._exchange.send(Request("POST", order.path, order.body))
            if response.status != 200:
                raise await refusal(self._endpoint, response)
            async with aclosing(_read(response, reader)) as chunks:
                async for chunk in chunks:
                    yield chunk
            if not reader.is_whole:
                raise ProtocolError("the connection ended before the answer did")
            yield reader.closing()
        finally:
            self._exchange.abort()

    def _failure(self, error: OSError, *, has_begun: bool) -> AssistError:
        if self._reason is not None:
            return self._reason
        if not has_begun:
            return unreachable(self._endpoint, error)
        return EngineCrashedError(
            f"The engine at {self._endpoint.origin} left the answer unfinished: {error}. Send the request again."
        )


async def fetch_json(endpoint: Endpoint, timeout: float, request: Request) -> dict[str, Any] | None:
    """Return the JSON object that answers a short request, None where the server has nothing to say to it.

    `transformers serve` fails to list the models of a cache folder that is not there.

    Raises `EngineUnavailableError`, and what else a status stands for.
    """
    exchange = Exchange(endpoint, timeout)
    try:
        response = await exchange.send(request)
        if response.status in (404, 405, 500, 501):
            return None
        if response.status != 200:
            raise await refusal(endpoint, response)
        data = json.loads(await response.read(MAX_BODY))
    except (ValueError, RecursionError):
        data = None
    except OSError as error:
        raise unreachable(endpoint, error) from error
    finally:
        exchange.abort()
    return data if isinstance(data, dict) else None


async def _read(response: Response, reader: AnswerReader) -> AsyncGenerator[Chunk, None]:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":  # it does not stream
        for chunk in reader.take((await response.read(MAX_BODY)).decode("utf-8", "replace")):
            yield chunk
        return
    if kind != "text/event-stream":
        raise EngineUnavailableError(f"What answers is no OpenAI-compatible server: it sends {kind[:40]!r}.", "failed")
    try:
        async with aclosing(response.blocks()) as blocks:
            async for block in blocks:
                for chunk in reader.feed(block):
                    yield chunk
                if reader.is_over:
                    return
                if reader.is_whole:
                    response.timeout = COUNT_SECONDS
    except OSError:
        if not reader.is_whole:
            raise


def _may_help(error: OSError) -> bool:
    """Tell whether another try may help: not where the server was silent or its certificate is wrong."""
    return not isinstance(error, SilenceError) and not hasattr(error, "verify_message")
