"""Our network and transformers' compute the same logits, prefilled in pieces and decoded token by token."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from engine_runs import read_answer, read_prompt
from tiny_model import tokenizer_json, write_checkpoint
from torch import Tensor

from llama_assist.checkpoint import Checkpoint
from llama_assist.engine.foreign import TransformersRunner
from llama_assist.engine.runner import LlamaRunner, Runner, load_runner

CPU = torch.device("cpu")
TOLERANCE = 1e-4
PIECES = (5, 16, 23, 40)  # where the prompt is cut; the last is where decoding begins
LENGTH = 70

SIZES = {
    "vocab_size": 131,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
    "initializer_range": 0.1,
    "bos_token_id": None,
    "eos_token_id": 2,
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
LINEAR = {"rope_type": "linear", "rope_theta": 10000.0, "factor": 4.0}
NATIVE: dict[str, tuple[str, dict[str, Any]]] = {
    "LLaMA 2": ("Llama", {"num_key_value_heads": 4}),
    "LLaMA 2 with grouped queries": ("Llama", {}),
    "LLaMA with one key head": ("Llama", {"num_key_value_heads": 1}),
    "LLaMA with biases everywhere": ("Llama", {"attention_bias": True, "mlp_bias": True}),
    "LLaMA with a tied head": ("Llama", {"tie_word_embeddings": True}),
    "LLaMA 3.x": ("Llama", {"rope_parameters": LLAMA3}),
    "DeepSeek-Coder": ("Llama", {"rope_parameters": LINEAR, "rms_norm_eps": 1e-3}),
    "Mistral": ("Mistral", {"sliding_window": None, "head_dim": 32}),
    "Mistral with a window as long as the context": ("Mistral", {"sliding_window": 128}),
    "Qwen2": ("Qwen2", {"rope_parameters": {"rope_type": "default", "rope_theta": 1e6}}),
    "Qwen2 with a tied head": ("Qwen2", {"tie_word_embeddings": True}),
    "Qwen3": ("Qwen3", {"head_dim": 32}),
    "Qwen3 with biases and a tied head": ("Qwen3", {"attention_bias": True, "tie_word_embeddings": True}),
}
FOREIGN: dict[str, tuple[str, dict[str, Any]]] = {
    "GPT-2": ("GPT2", {"n_embd": 64, "n_layer": 2, "n_head": 4, "n_positions": 128}),
    "GPT-NeoX": ("GPTNeoX", {}),
    "Gemma": ("Gemma", {"head_dim": 16}),
    "Gemma 2 with a short window": ("Gemma2", {"head_dim": 16, "sliding_window": 32}),
    "Mistral with a short window": ("Mistral", {"sliding_window": 32}),
    "LLaMA with stretched positions": (
        "Llama",
        {"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e4, "factor": 4.0}},
    ),
}

Build = Callable[[str, dict[str, Any]], tuple[Any, Checkpoint]]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Return a random model of transformers, and its checkpoint."""

    def build(kind: str, changes: dict[str, Any]) -> tuple[Any, Checkpoint]:
        import transformers

        sizes = {"vocab_size": 131, "bos_token_id": None, "eos_token_id": 2} if kind == "GPT2" else SIZES
        config = getattr(transformers, f"{kind}Config")(**{**sizes, **changes})
        with torch.random.fork_rng():
            torch.manual_seed(1)
            model = transformers.AutoModelForCausalLM.from_config(config).eval()
            _disturb(model)
        return model, write_checkpoint(tmp_path, model, tokenizer_json())

    return build


def _disturb(model: Any) -> None:
    """Give norms and biases values that show when they are forgotten or confused."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 1:
                parameter.add_(torch.randn_like(parameter) * (0.5 if name.endswith("bias") else 0.2))


def token_ids(seed: int = 0, length: int = LENGTH) -> list[int]:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 131, (length,), generator=generator).tolist()


@torch.inference_mode()
def expected_logits(model: Any, ids: list[int]) -> Tensor:
    logits: Tensor = model(torch.tensor([ids])).logits[0]
    return logits


def run_through(runner: Runner[Any], slot: Any, ids: list[int], start: int = 0) -> dict[int, Tensor]:
    """Logits by position: at the end of each piece of the prompt, then of each decoded token or pair of tokens."""
    found: dict[int, Tensor] = {}
    for end in PIECES:
        if end > start:
            found[end - 1], start = read_prompt(runner, slot, ids[start:end], start), end
    step = 2 if isinstance(runner, LlamaRunner) else 1
    for position in range(PIECES[-1], len(ids), step):
        found.update(enumerate(read_answer(runner, slot, ids[position : position + step], position), position))
    return found


def assert_close(found: dict[int, Tensor], expected: Tensor) -> None:
    for position, logits in found.items():
        torch.testing.assert_close(logits, expected[position], rtol=0, atol=TOLERANCE, msg=f"at {position}")


@pytest.mark.parametrize("name", NATIVE)
def test_the_own_network_gives_the_logits_of_transformers(build: Build, name: str) -> None:
    model, checkpoint = build(*NATIVE[name])
    runner = load_runner(checkpoint, "float32", CPU, fast_prefill=True, length=128)
    assert isinstance(runner, LlamaRunner)
    ids = token_ids()
    assert_close(run_through(runner, runner.new_slot(), ids), expected_logits(model, ids))


@pytest.mark.parametrize("name", FOREIGN)
def test_other_architectures_run_through_the_class_of_transformers(build: Build, name: str) -> None:
    model, checkpoint = build(*FOREIGN[name])
    runner = load_runner(checkpoint, "int4", CPU, fast_prefill=True, length=128)
    assert isinstance(runner, TransformersRunner)
    assert runner.weights == "float32 (transformers)"
    ids = token_ids()
    assert_close(run_through(runner, runner.new_slot(), ids), expected_logits(model, ids))
