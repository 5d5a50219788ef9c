"""From the chunks of an answer to its HTTP response, whole or streamed; the client's leaving ends both."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from tornado.iostream import StreamClosedError

from llama_assist import wire
from llama_assist.assistant import Assistant
from llama_assist.errors import ModelNotFoundError
from llama_assist.server.base import AssistHandler, assist_error
from llama_assist.server.sse import DONE, KEEP_ALIVE, event, watch
from llama_assist.types import Chunk


class AnswerHandler(AssistHandler):
    """Base of the routes that generate."""

    SUPPORTED_METHODS = ("POST",)

    beat_seconds = 15.0
    """After so long without a chunk the headers go out, and then a comment: proxies close silent connections."""
    write_seconds = 30.0
    """A client that takes no data for so long counts as gone, and the engine is freed."""

    def initialize(self, assistant: Assistant) -> None:
        """Keep the `assistant`, and begin to watch the connection."""
        super().initialize(assistant)
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._began = False

    def on_connection_close(self) -> None:
        """End the answer: nobody reads it."""
        super().on_connection_close()
        if not self._gone.done():
            self._gone.set_result(None)

    def served_model(self, asked: str) -> str:
        """Return the id of the model; raise `ModelNotFoundError` where another was `asked` for ("" is any)."""
        served = self.assistant.backend.status().model
        if asked not in ("", served, self.assistant.config.model):
            raise ModelNotFoundError(f"The model `{asked}` is not served here. Ask for `{served}`.", "model")
        return served

    async def send_answer(self, chunks: AsyncGenerator[Chunk, None], reply: wire.Reply, n: int, stream: bool) -> None:
        """Send the `chunks` of `n` choices as `reply`, and close them at once when the client leaves."""
        answer = wire.Answer(n)
        send = self._send_streamed if stream else self._send_whole
        try:
            async with aclosing(watch(chunks, self._gone, self.beat_seconds)) as watched:
                await send(watched, reply, answer)
        except StreamClosedError:
            self.log.debug("%s: the client left", self.request.path)
        self._log_answer(answer)

    async def _send_whole(
        self, chunks: AsyncGenerator[Chunk | None, None], reply: wire.Reply, answer: wire.Answer
    ) -> None:
        async for chunk in chunks:
            if chunk is not None:
                answer.add(chunk)
        answer.verify()
        self.finish(json.dumps(reply.whole(answer)))

    async def _send_streamed(
        self, chunks: AsyncGenerator[Chunk | None, None], reply: wire.Reply, answer: wire.Answer
    ) -> None:
        try:
            async for chunk in chunks:
                await self._send(KEEP_ALIVE if chunk is None else _events(chunk, reply, answer))
            answer.verify()
            await self._send("".join(map(event, reply.closing(answer))) + DONE)
        except StreamClosedError:
            raise
        except Exception as error:
            if not self._began:
                raise  # No byte has gone out: it becomes a real status.
            self.log_exception(*sys.exc_info())
            await self._send(event(wire.error_body(assist_error(error))))

    async def _send(self, text: str) -> None:
        if not self._began:
            self._began = True
            self.set_header("Content-Type", "text/event-stream")
            self.set_header("Cache-Control", "no-cache")
            self.set_header("X-Accel-Buffering", "no")
        self.write(text)
        try:
            await asyncio.wait_for(self.flush(), self.write_seconds)
        except asyncio.TimeoutError:
            connection: Any = self.request.connection
            connection.close()
            raise StreamClosedError from None

    def _log_answer(self, answer: wire.Answer) -> None:
        self.log.debug(
            "%s: %d prompt tokens (%d cached), %d generated, %s, %.0f ms",
            self.request.path,
            answer.usage.prompt_tokens,
            answer.usage.cached_tokens,
            answer.usage.completion_tokens,
            "/".join(str(choice.finish_reason) for choice in answer.choices),
            1000 * self.request.request_time(),
        )


def _events(chunk: Chunk, reply: wire.Reply, answer: wire.Answer) -> str:
    is_first = answer.add(chunk)
    return "".join(event(piece) for piece in reply.pieces(chunk, is_first=is_first))
