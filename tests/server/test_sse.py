"""The watch over an answer closes it however it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
from tornado.iostream import StreamClosedError

from llama_assist.server.sse import event, watch


class Source:
    """Yields `items`, then waits for ever; knows whether it was closed."""

    def __init__(self, *items: str, error: Exception | None = None) -> None:
        self.items = items
        self.error = error
        self.is_closed = False

    async def run(self) -> AsyncGenerator[str, None]:
        try:
            for item in self.items:
                yield item
            if self.error:
                raise self.error
            await asyncio.sleep(3600)
        finally:
            self.is_closed = True


def test_an_event_is_one_line():
    text = event({"text": "a\nb\r\u2028世"})
    assert text.startswith("data: {")
    assert len(text.splitlines()) == 2
    assert json.loads(text.removeprefix("data: ")) == {"text": "a\nb\r\u2028世"}


async def test_items_pass_in_order_and_beats_between_them():
    source, gone = Source("a", "b"), asyncio.get_running_loop().create_future()
    seen = []
    async with aclosing(watch(source.run(), gone, 0.01)) as items:
        async for item in items:
            seen.append(item)
            if len(seen) == 4:
                break
    assert seen == ["a", "b", None, None]
    assert source.is_closed


async def test_a_reader_who_goes_while_an_item_is_awaited_closes_it():
    source, gone = Source("a"), asyncio.get_running_loop().create_future()
    items = watch(source.run(), gone, 60)
    assert await anext(items) == "a"
    asyncio.get_running_loop().call_later(0.01, gone.set_result, None)
    with pytest.raises(StreamClosedError):
        await anext(items)
    assert source.is_closed


async def test_an_error_passes_and_closes():
    source, gone = Source(error=ValueError("x")), asyncio.get_running_loop().create_future()
    with pytest.raises(ValueError, match="x"):
        await anext(watch(source.run(), gone, 60))
    assert source.is_closed


async def test_a_cancelled_watch_closes():
    source, gone = Source(), asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(anext(watch(source.run(), gone, 60)))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert source.is_closed
