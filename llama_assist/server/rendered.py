"""Beside the text of an answer its safe HTML, not more often than an eye or a processor can follow."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

from llama_assist.render import render_html
from llama_assist.types import Chunk

MIN_INTERVAL = 0.1  # seconds between two pictures of an answer
MAX_LOAD = 0.2  # of the time may go into drawing them


async def rendered(
    chunks: AsyncGenerator[Chunk, None], clock: Callable[[], float] = time.monotonic
) -> AsyncGenerator[Chunk, None]:
    """Yield the chunks, some of them, and always the last, with the HTML of the whole answer so far."""
    text, due = "", clock()
    async with aclosing(chunks):
        async for chunk in chunks:
            text += chunk.text
            start = clock()
            if chunk.finish_reason is None and (start < due or not chunk.text):
                yield chunk
                continue
            debug = {**(chunk.debug or {}), "html": render_html(text)}
            due = start + max(MIN_INTERVAL, (clock() - start) / MAX_LOAD)
            yield replace(chunk, debug=debug)
