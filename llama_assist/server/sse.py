"""The events of our own routes, and the watch over an answer that ends it when its reader has gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, TypeVar

from tornado.iostream import StreamClosedError

from llama_assist.wire import EVENTS

Item = TypeVar("Item")

DONE = EVENTS.end
KEEP_ALIVE = EVENTS.beat


def event(data: object) -> str:
    """Return `data` as one event."""
    return EVENTS.frame(data)


async def watch(
    items: AsyncGenerator[Item, None], gone: asyncio.Future[None], beat: float
) -> AsyncGenerator[Item | None, None]:
    """Yield `items`, and None whenever `beat` seconds pass without one.

    Raises `StreamClosedError` as soon as `gone` is done. However this ends, `items` is closed first,
    also in the middle of what it awaits.
    """
    try:
        while True:
            pull = asyncio.ensure_future(_next(items))
            try:
                while not await _arrives(pull, gone, beat):
                    yield None
                item = pull.result()
            finally:
                pull.cancel()
                await asyncio.gather(pull, return_exceptions=True)
            if item is None:
                return
            yield item
    finally:
        await items.aclose()


async def _next(items: AsyncGenerator[Item, None]) -> Item | None:
    return await anext(items, None)


async def _arrives(pull: asyncio.Future[Any], gone: asyncio.Future[None], beat: float) -> bool:
    await asyncio.wait({pull, gone}, timeout=beat, return_when=asyncio.FIRST_COMPLETED)
    if gone.done():
        raise StreamClosedError
    return pull.done()
