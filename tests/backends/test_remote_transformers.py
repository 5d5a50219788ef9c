"""A real `transformers serve` as the engine: greedy texts are those of the engine at home on the same weights."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path

import pytest
from real_models import SMALL, installed
from tiny_model import SPECIAL, TINY, write_checkpoint

from llama_assist.assistant import Assistant
from llama_assist.backends.local import LocalBackend
from llama_assist.backends.remote import RemoteBackend, read_endpoint
from llama_assist.config import Assist
from llama_assist.errors import InvalidRequestError
from llama_assist.models.store import Store
from llama_assist.types import ChatRequest, Chunk, CompletionRequest, Message, SamplingParams

START_SECONDS = 180.0
RAW = (
    "def load(path):\n",
    "import numpy as np\n\nvalues = np.",
    "# Sort the words by their length\n",
    "class Stack:\n",
)
CHATS = ("Say hello.", "What does numpy.mean do?", "Name three colours.")


@contextmanager
def transformers_serve(model: Path, folder: Path) -> Iterator[str]:
    """Run the server on one model, offline; yield its base URL."""
    for library in ("fastapi", "uvicorn", "openai"):
        pytest.importorskip(library, reason=f"{library}, which `transformers serve` needs, is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    home = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder), "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-c", "from transformers.cli.transformers import main; main()", "serve", str(model)]
    flags = [f"--port={port}", "--host=127.0.0.1", "--device=cpu", "--dtype=float32"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([*command, *flags], env=os.environ | home, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait_for(server, port, folder / "log")
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()
            server.wait(30)


def _wait_for(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"`transformers serve` did not start: {log.read_text('utf-8', 'replace')[-800:]}")


@pytest.fixture(scope="module")
def plain_home(tiny_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a tiny model that writes plain ASCII: each engine shows halves of characters in its own way."""
    import torch
    from tokenizers import Tokenizer
    from transformers import LlamaForCausalLM

    source, home = tiny_home / "checkpoints" / TINY, tmp_path_factory.mktemp("plain")
    model = LlamaForCausalLM.from_pretrained(source)
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    plain = {
        number
        for text, number in tokenizer.get_vocab().items()
        if text not in SPECIAL and text.replace("\u0120", " ").isascii() and text.isprintable()
    }
    with torch.no_grad():
        for number in set(range(model.config.vocab_size)) - plain:
            model.lm_head.weight[number] = 0.0
    write_checkpoint(home / "checkpoints" / TINY, model, (source / "tokenizer.json").read_text("utf-8"))
    return home


@pytest.fixture(scope="module")
def tiny_folder(plain_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as transformers loads it: with its tokenizer named."""
    folder = tmp_path_factory.mktemp("hf") / TINY
    shutil.copytree(plain_home / "checkpoints" / TINY, folder)
    file = folder / "tokenizer_config.json"
    settings = json.loads(file.read_text("utf-8")) | {"tokenizer_class": "PreTrainedTokenizerFast"}
    file.write_text(json.dumps(settings), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def tiny_server(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with transformers_serve(tiny_folder, tmp_path_factory.mktemp("hf_home")) as url:
        yield url


def far(url: str, model: Path) -> RemoteBackend:
    config = Assist(backend_url=url, model=str(model))
    return RemoteBackend(config, read_endpoint(url, {}), store=Store(model.parent / "no-store"))


async def text(chunks: AsyncGenerator[Chunk, None]) -> str:
    async with aclosing(chunks):
        return "".join([chunk.text async for chunk in chunks])


async def answers(assistant: Assistant, max_tokens: int) -> list[str]:
    sampling = SamplingParams(max_tokens=max_tokens)
    raw = [CompletionRequest(prompt, raw=True, sampling=sampling) for prompt in RAW]
    chats = [ChatRequest((Message("user", question),), None, sampling) for question in CHATS]
    return [await text(assistant.complete(each)) for each in raw] + [await text(assistant.chat(each)) for each in chats]


async def compare(url: str, model: Path, near: LocalBackend, max_tokens: int) -> tuple[list[str], list[str]]:
    backend = far(url, model)
    try:
        theirs = await answers(Assistant(backend, Assist()), max_tokens)
        ours = await answers(Assistant(near, Assist()), max_tokens)
    finally:
        await near.stop()
        await backend.stop()
    return theirs, ours


async def test_texts_are_those_of_the_engine_at_home(tiny_server: str, tiny_folder: Path, plain_home: Path) -> None:
    near = LocalBackend(Assist(model=TINY, weights="float32", num_threads=1), store=Store(plain_home))
    theirs, ours = await compare(tiny_server, tiny_folder, near, 8)
    assert theirs == ours
    assert all(ours)


async def test_what_it_does_not_take_is_its_own_refusal(tiny_server: str, tiny_folder: Path) -> None:
    backend = far(tiny_server, tiny_folder)
    request = CompletionRequest("x", raw=True, sampling=SamplingParams(max_tokens=2, top_k=3, temperature=1.0))
    with pytest.raises(InvalidRequestError, match="top_k"):
        await text(Assistant(backend, Assist()).complete(request))


async def test_leaving_ends_its_answer(tiny_server: str, tiny_folder: Path) -> None:
    backend = far(tiny_server, tiny_folder)
    request = CompletionRequest("x = ", raw=True, sampling=SamplingParams(max_tokens=1500))
    async with aclosing(Assistant(backend, Assist()).complete(request)) as chunks:
        async for chunk in chunks:
            if chunk.text:
                break
    assert backend.status().running == 0
    short = CompletionRequest("x = ", raw=True, sampling=SamplingParams(max_tokens=2))
    assert await asyncio.wait_for(text(Assistant(backend, Assist()).complete(short)), 60)


@pytest.mark.weights
async def test_real_weights_say_the_same_here_and_there(tmp_path: Path) -> None:
    model = installed(SMALL).path
    near = LocalBackend(Assist(model=SMALL, weights="float32"))
    with transformers_serve(model, tmp_path) as url:
        theirs, ours = await compare(url, model, near, 24)
    assert theirs == ours
