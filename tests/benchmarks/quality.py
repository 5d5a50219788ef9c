"""What quantised weights cost: agreement with bf16 on the next token of real Python, and perplexity.

    python tests/benchmarks/quality.py qwen2.5-coder-0.5b-instruct [--tokens 20480]

The text is Python's own standard library, read in windows; every form reads the same tokens with the very layers that
decode (no bf16 copy for prompts).
"""

from __future__ import annotations

import argparse
import math
import random
import sysconfig
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from llama_assist.backends.tokenizer import PromptTokenizer
from llama_assist.checkpoint import Checkpoint
from llama_assist.engine.llama import Span
from llama_assist.engine.runner import LlamaRunner
from llama_assist.models.store import Store

WINDOW = 512
ROWS = 128  # rows of logits at a time: a large vocabulary makes them big
FORMS = ("float32", "bf16", "int8", "int4")  # float32 shows how much of a difference is mere rounding


@dataclass
class Tally:
    """The most probable next token at each place, and the summed surprise of the true ones in nats."""

    best: list[Tensor]
    surprise: float = 0.0
    seconds: float = 0.0

    @property
    def num_tokens(self) -> int:
        return sum(len(best) for best in self.best)

    @property
    def perplexity(self) -> float:
        return math.exp(self.surprise / self.num_tokens)

    def agreement(self, other: Tally) -> float:
        equal = sum(int((mine == theirs).sum()) for mine, theirs in zip(self.best, other.best, strict=True))
        return equal / self.num_tokens


def windows(checkpoint: Checkpoint, num_tokens: int) -> list[list[int]]:
    """Cut library modules, in a fixed random order, into windows; a module's last piece is dropped."""
    tokenizer = PromptTokenizer(checkpoint.tokenizer_path)
    paths = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    random.Random(0).shuffle(paths)
    found: list[list[int]] = []
    for path in paths:
        ids = list(tokenizer.encode(path.read_text(encoding="utf-8", errors="replace")))
        found += [ids[start : start + WINDOW] for start in range(0, len(ids) - WINDOW, WINDOW)][:3]
        if sum(len(window) - 1 for window in found) >= num_tokens:
            break
    return found


@torch.inference_mode()
def measure(checkpoint: Checkpoint, form: str, texts: list[list[int]]) -> Tally:
    """Read every window from its beginning."""
    runner = LlamaRunner(checkpoint, form, torch.device("cpu"), fast_prefill=False, length=WINDOW)
    slot = runner.new_slot()
    tally = Tally([])
    started = time.perf_counter()
    for number, ids in enumerate(texts):
        hidden = runner.model.forward(torch.tensor(ids), [Span(slot, 0, len(ids), is_prompt=True)], is_prefill=True)
        for start in range(0, len(ids) - 1, ROWS):
            end = min(start + ROWS, len(ids) - 1)
            logits = runner.model.logits(hidden[start:end])
            targets = torch.tensor(ids[start + 1 : end + 1])
            tally.best.append(logits.argmax(1))
            tally.surprise += float((logits.logsumexp(1) - logits[torch.arange(end - start), targets]).sum())
        print(f"\r{form}: window {number + 1} of {len(texts)}", end="", flush=True)
    tally.seconds = time.perf_counter() - started
    print()
    return tally


def main() -> None:
    """Print one line for each form."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--tokens", type=int, default=20_480)
    parser.add_argument("--threads", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    checkpoint = Store().find(arguments.model)
    if checkpoint is None:
        raise SystemExit(f"{arguments.model} is not installed; run: llama-assist model pull {arguments.model}")
    texts = windows(checkpoint, arguments.tokens)
    tallies = {form: measure(checkpoint, form, texts) for form in FORMS}
    print(f"{arguments.model}, {tallies['bf16'].num_tokens} tokens of Python")
    print("weights   agreement with bf16   perplexity   seconds")
    for form, tally in tallies.items():
        agreement = tally.agreement(tallies["bf16"])
        print(f"{form:9s} {agreement:18.2%}   {tally.perplexity:11.3f}   {tally.seconds:7.0f}")


if __name__ == "__main__":
    main()
