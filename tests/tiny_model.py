"""A tiny real LLaMA with random weights and a byte-level tokenizer, made on the spot: nothing is downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from model_files import write_json

from llama_assist.checkpoint import Checkpoint
from llama_assist.checkpoint.manifest import Manifest, digest_files

TINY = "tiny"
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
NUM_LOGITS = 512  # more than the vocabulary has tokens, as in many published models
CONTEXT = 4096

TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
SAMPLE = """\
import numpy as np
import pandas as pd

def load(path: str, limit: int = 10) -> pd.DataFrame:
    \"\"\"Read the first rows of a table.\"\"\"
    frame = pd.read_csv(path, nrows=limit)
    for name in frame.columns:
        print(name, frame[name].dtype)
    return frame

class Counter:
    def __init__(self, start: int = 0) -> None:
        self.value = start

    def add(self, number: int) -> int:
        self.value += number
        return self.value

values = [index ** 2 for index in range(100) if index % 3 == 0]
result = np.array(values).reshape(-1, 2).mean(axis=0)
print(f"The mean is {result} and the café's größe is 你好 🙂.")
"""


def tokenizer_json() -> str:
    """A byte-level BPE of about 400 tokens, trained on the sample."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator([SAMPLE], trainer)
    return str(tokenizer.to_str())


def write_checkpoint(
    folder: Path, model: Any, tokenizer: str, *, name: str = TINY, family: str = "llama"
) -> Checkpoint:
    """Save a model of transformers with a tokenizer and a manifest."""
    model.save_pretrained(folder)
    (folder / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    settings = {"bos_token": None, "eos_token": "<|im_end|>", "add_bos_token": False, "chat_template": TEMPLATE}
    write_json(folder / "tokenizer_config.json", settings)
    write_manifest(folder, name, family)
    return Checkpoint(folder, name)


def write_manifest(folder: Path, name: str = TINY, family: str = "qwen2.5-coder") -> None:
    """Pin every file as it is now."""
    files = digest_files(folder, [path.name for path in folder.iterdir() if path.name != "manifest.json"])
    Manifest(name, family, "test", "none", 0, files).write(folder / "manifest.json")


@pytest.fixture(scope="session")
def tiny_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LLAMA_ASSIST_HOME with one installed model."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    home = tmp_path_factory.mktemp("home")
    config = LlamaConfig(
        vocab_size=NUM_LOGITS,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT,
        initializer_range=0.2,
        bos_token_id=None,
        eos_token_id=SPECIAL.index("<|im_end|>"),
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = LlamaForCausalLM(config)
    write_checkpoint(home / "checkpoints" / TINY, model, tokenizer_json(), family="qwen2.5-coder")
    return home


@pytest.fixture(scope="session")
def tiny_checkpoint(tiny_home: Path) -> Checkpoint:
    """The installed model."""
    return Checkpoint(tiny_home / "checkpoints" / TINY, TINY)
