"""Decoding speed while another process keeps one core busy, as a share of the idle speed.

usage: python tests/benchmarks/contention.py [--model ID] [--runs N] [--tokens N]
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import statistics
import time
from contextlib import aclosing

from llama_assist.backends.local import LocalBackend
from llama_assist.config import Assist
from llama_assist.types import Job, Prompt, SamplingParams

PROMPT = "import math\n\n\ndef distance(a, b):\n    return math.hypot(a.x - b.x, a.y - b.y)\n\n\ndef area(polygon):\n"


def burn() -> None:
    """Keep one core busy, as a running cell does."""
    while True:
        pass


async def decode_speed(backend: LocalBackend, num_tokens: int) -> float:
    """Return tokens a second behind the first token."""
    sampling = SamplingParams(max_tokens=num_tokens, logit_bias={})
    times = []
    async with aclosing(backend.generate(Job(Prompt((PROMPT,)), sampling))) as chunks:
        async for _ in chunks:
            times.append(time.perf_counter())
    return (len(times) - 1) / (times[-1] - times[0])


async def measure(arguments: argparse.Namespace) -> None:
    """Alternate idle and busy runs, so that a drift of the machine touches both."""
    backend = LocalBackend(Assist(model=arguments.model))
    await decode_speed(backend, arguments.tokens)
    ratios = []
    for _ in range(arguments.runs):
        idle = await decode_speed(backend, arguments.tokens)
        other = multiprocessing.get_context("spawn").Process(target=burn, daemon=True)
        other.start()
        await asyncio.sleep(1)
        busy = await decode_speed(backend, arguments.tokens)
        other.kill()
        await asyncio.sleep(1)
        ratios.append(busy / idle)
        print(f"idle {idle:.1f} tok/s, one core busy {busy:.1f} tok/s, ratio {busy / idle:.2f}", flush=True)
    await backend.stop()
    print(f"median ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


def main() -> None:
    """Read the options and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="qwen2.5-coder-0.5b-instruct")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=96)
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
