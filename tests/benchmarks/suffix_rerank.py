"""What it is worth, for a model without fill-in training, to rank candidates by how likely they make the suffix.

    python tests/benchmarks/suffix_rerank.py HOLES.jsonl [--model smollm2-135m-instruct] [--limit 60] [--candidates 4]

log p(suffix | prefix + candidate) is the exact rule of Bayes for filling in; the candidates are those that the
assistant offers for `n`.
"""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import replace
from pathlib import Path

import torch

from llama_assist.assistant import Assistant
from llama_assist.backends.tokenizer import PromptTokenizer
from llama_assist.cli.holes import Hole, read_holes
from llama_assist.cli.session import make_backend
from llama_assist.config import Assist
from llama_assist.engine.llama import Span
from llama_assist.engine.runner import LlamaRunner
from llama_assist.models.store import Store

WINDOW = 400  # tokens before the suffix
SUFFIX_LINES = 2


class Judge:
    """The model as a reader: how likely a text is to go on in a certain way."""

    def __init__(self, model: str) -> None:
        checkpoint = Store().find(model)
        if checkpoint is None:
            raise SystemExit(f"{model} is not installed; run: llama-assist model pull {model}")
        self._tokenizer = PromptTokenizer(checkpoint.tokenizer_path)
        self._runner = LlamaRunner(checkpoint, "bf16", torch.device("cpu"), fast_prefill=True, length=1024)

    @torch.inference_mode()
    def likelihood(self, before: str, after: str) -> float:
        """Return the log probability of `after` behind `before`."""
        head, tail = list(self._tokenizer.encode(before))[-WINDOW:], list(self._tokenizer.encode(after))
        if not head or not tail:
            return 0.0
        whole = Span(self._runner.new_slot(), 0, len(head) + len(tail), is_prompt=True)
        hidden = self._runner.model.forward(torch.tensor(head + tail), [whole], is_prefill=True)
        rows = self._runner.model.logits(hidden[len(head) - 1 : -1]).float().log_softmax(-1)
        return float(rows.gather(1, torch.tensor(tail)[:, None]).sum())


def suffix_head(hole: Hole) -> str:
    """Return the first lines of the suffix that hold anything."""
    kept, lines = "", 0
    for line in hole.suffix.splitlines(keepends=True):
        kept, lines = kept + line, lines + bool(line.strip())
        if lines == SUFFIX_LINES:
            break
    return kept


async def candidates(assistant: Assistant, hole: Hole, num: int) -> list[tuple[str, float]]:
    """Return (text, confidence) of each distinct candidate, in the order in which they are offered."""
    texts, sure = [""] * num, [0.0] * num
    async for chunk in assistant.complete(replace(hole.request(64), n=num)):
        texts[chunk.index] += chunk.text
        if chunk.debug is not None:
            sure[chunk.index] = float(str(chunk.debug["confidence"]))
    return [pair for pair in zip(texts, sure, strict=True) if pair[0].strip()] or [("", 0.0)]


def is_right(text: str, hole: Hole) -> bool:
    return text.partition("\n")[0].rstrip() == (hole.expected or "").partition("\n")[0].rstrip()


async def run(holes: list[Hole], model: str, num: int) -> dict[str, int]:
    config, judge = Assist(model=model), Judge(model)
    backend = make_backend(config)
    right = {"first offered": 0, "by the suffix": 0, "by the suffix and confidence": 0, "any of them": 0}
    await backend.start()
    try:
        assistant = Assistant(backend, config)
        for hole in holes:
            found = await candidates(assistant, hole, num)
            after = suffix_head(hole)
            scores = [judge.likelihood(hole.prefix + text, after) for text, _ in found]
            sure = [torch.tensor(max(each, 1e-6)).log().item() for _, each in found]
            by_both = max(range(len(found)), key=lambda index: scores[index] + sure[index])
            picks = (0, scores.index(max(scores)), by_both)
            for name, pick in zip(right, picks, strict=False):
                right[name] += is_right(found[pick][0], hole)
            right["any of them"] += any(is_right(text, hole) for text, _ in found)
    finally:
        await backend.stop()
    return right


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("holes", type=Path)
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--candidates", type=int, default=4)
    arguments = parser.parse_args()
    holes = read_holes(arguments.holes, arguments.limit)
    right = asyncio.run(run(holes, arguments.model, arguments.candidates))
    for name, count in right.items():
        print(f"{name:30}{100 * count / len(holes):6.1f} %")


if __name__ == "__main__":
    main()
