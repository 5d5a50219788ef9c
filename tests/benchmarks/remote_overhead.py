"""What it costs to have the engine behind another server on the same machine: the same jobs, here and there in turns.

usage: python tests/benchmarks/remote_overhead.py [--model ID] [--runs N] [--tokens N]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from contextlib import aclosing

from llama_assist.backends import Backend
from llama_assist.backends.local import LocalBackend
from llama_assist.backends.remote import RemoteBackend, read_endpoint
from llama_assist.config import Assist
from llama_assist.connect_local import LocalServer
from llama_assist.types import Job, Prompt, SamplingParams

KEY = "key-of-this-measurement"
PROMPT = "import math\n\n\ndef distance(a, b):\n    return math.hypot(a.x - b.x, a.y - b.y)\n\n\ndef area(polygon):\n"


async def times(backend: Backend, num_tokens: int) -> tuple[float, float, str]:
    """Return milliseconds to the first token and to the end, and the text."""
    started, first, text = time.perf_counter(), 0.0, ""
    async with aclosing(backend.generate(Job(Prompt((PROMPT,)), SamplingParams(max_tokens=num_tokens)))) as chunks:
        async for chunk in chunks:
            first = first or (time.perf_counter() if chunk.text else 0.0)
            text += chunk.text
    return (first - started) * 1e3, (time.perf_counter() - started) * 1e3, text


async def measure(arguments: argparse.Namespace, server: LocalServer) -> None:
    """Alternate the two, so that a drift of the machine touches both; the prompt is cached in both."""
    url = f"{server.client().url}v1"
    far = RemoteBackend(Assist(model=arguments.model), read_endpoint(url, {url: KEY}))
    near = LocalBackend(Assist(model=arguments.model))
    pairs = []
    for number in range(arguments.runs + 1):
        (here, here_all, text), (there, there_all, same) = [await times(each, arguments.tokens) for each in (near, far)]
        assert text == same, "the texts differ"
        if number:  # the first run loads both
            pairs.append((there - here, there_all - here_all))
            print(f"first token {here:.1f} / {there:.1f} ms, all {here_all:.1f} / {there_all:.1f} ms", flush=True)
    await near.stop()
    await far.stop()
    for name, more in zip(("first token", "all"), zip(*pairs, strict=True), strict=True):
        print(f"{name}: {statistics.median(more):+.1f} ms ({min(more):+.1f} to {max(more):+.1f})")


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--tokens", type=int, default=16)
    arguments = parser.parse_args()
    flags = (
        f"--Assist.model={arguments.model}",
        f"--IdentityProvider.token={KEY}",
        "--allow-root",
        "--ServerApp.port=0",
    )
    server = LocalServer(print, command=(sys.executable, "-m", "llama_assist", "serve", *flags))
    try:
        asyncio.run(measure(arguments, server))
    finally:
        server.stop()


if __name__ == "__main__":
    main()
