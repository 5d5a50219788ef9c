"""The prompts of golden files: `python tests/prompt/prompt_golden.py` writes the prompt of every file anew.

Between « and » stand special tokens. Between ⟦ and ⟧ stand the characters that the answer is forced to begin with:
they are in the document already, and nothing of the prompt comes after them.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Iterable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from golden_files import Drawn, cases, count, read, write
from tokenizers import Regex, Tokenizer, models, pre_tokenizers

from llama_assist.assistant import Assistant
from llama_assist.backends.tokenizer import PromptTokenizer
from llama_assist.config import Assist
from llama_assist.types import Chunk, CompletionRequest, Job, ModelInfo, Prompt, Status

# Where Qwen2.5's tokenizer cuts a text into pieces, which is all that the forced characters depend on.
PIECES = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)


class Listener:
    """A backend that keeps the job and answers nothing."""

    def __init__(self, family: str) -> None:
        self.family = family
        self.jobs: list[Job] = []

    async def describe(self) -> ModelInfo:
        return ModelInfo("golden", self.family, 4096)

    def count(self, text: str) -> int:
        return count(text)

    async def generate(self, job: Job) -> AsyncGenerator[Chunk, None]:
        self.jobs.append(job)
        yield Chunk(finish_reason="stop")

    def status(self) -> Status:
        return Status("ready", "golden")

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


def build(case: Path) -> Prompt:
    """Return the prompt that the model would get for a golden file."""
    drawn = read(case)
    return prompts(drawn, [drawn.prefix])[0]


def prompts(drawn: Drawn, prefixes: Iterable[str]) -> list[Prompt]:
    """Return what the model would get if one assistant were asked with each of the prefixes."""
    backend = Listener(drawn.settings.get("family", "qwen2.5-coder"))
    assistant = Assistant(backend, Assist(prompt_tokens=int(drawn.settings["budget"])))

    async def first_prompt(prefix: str) -> Prompt:
        backend.jobs.clear()
        async for _ in assistant.complete(CompletionRequest(prefix, drawn.suffix, drawn.document)):
            pass
        return backend.jobs[0].prompt

    async def ask() -> list[Prompt]:
        return [await first_prompt(prefix) for prefix in prefixes]

    return asyncio.run(ask())


def draw(prompt: Prompt) -> str:
    """Return the whole prompt as the golden files show it."""
    _, forced = tokenizer().encode_prompt(Prompt((), prompt.typed))
    text = "".join(segment if isinstance(segment, str) else f"«{segment.text}»" for segment in prompt.segments)
    typed = prompt.typed.removesuffix(forced.decode())
    assert prompt.typed == typed + forced.decode()
    return f"{text}{typed}⟦{forced.decode()}⟧\n"


@cache
def tokenizer() -> PromptTokenizer:
    """Return a tokenizer that knows single bytes only."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    plain = Tokenizer(models.BPE({byte: index for index, byte in enumerate(alphabet)}, []))
    pieces = pre_tokenizers.Split(Regex(PIECES), "isolated")
    plain.pre_tokenizer = pre_tokenizers.Sequence(
        [pieces, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "tokenizer.json"
        path.write_text(plain.to_str(), encoding="utf-8")
        return PromptTokenizer(path)


if __name__ == "__main__":
    for path in cases("prompt"):
        write(path, draw(build(path)))
