"""Responses that are streamed, and end at once when their reader has gone."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from typing import Any

from tornado.iostream import StreamClosedError

from llama_assist import wire
from llama_assist.assistant import Assistant
from llama_assist.server.base import AssistHandler, assist_error


class StreamingHandler(AssistHandler):
    """Base of the routes whose answer may take long."""

    beat_seconds = 15.0
    """After so long without a chunk the headers go out, and then a comment: proxies close silent connections."""
    write_seconds = 30.0
    """A client that takes no data for so long counts as gone, and the engine is freed."""

    def initialize(self, assistant: Assistant) -> None:
        """Keep the `assistant`, and begin to watch the connection."""
        super().initialize(assistant)
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._began = False
        self.framing = wire.EVENTS

    def on_connection_close(self) -> None:
        """End the answer: nobody reads it."""
        super().on_connection_close()
        if not self._gone.done():
            self._gone.set_result(None)

    async def send_events(self, texts: AsyncGenerator[str, None]) -> None:
        """Send `texts` as they come; an error after the first byte becomes the last event."""
        try:
            async for text in texts:
                await self._send(text)
        except StreamClosedError:
            raise
        except Exception as error:
            if not self._began:
                raise  # No byte has gone out: it becomes a real status.
            self.log_exception(*sys.exc_info())
            await self._send(self.framing.frame(self.error_body(assist_error(error))))

    async def _send(self, text: str) -> None:
        if not self._began:
            self._began = True
            self.set_header("Content-Type", self.framing.content_type)
            self.set_header("Cache-Control", "no-cache")
            self.set_header("X-Accel-Buffering", "no")
        self.write(text)
        try:
            await asyncio.wait_for(self.flush(), self.write_seconds)
        except asyncio.TimeoutError:
            connection: Any = self.request.connection
            connection.close()
            raise StreamClosedError from None
