"""Slots around the caches of transformers: reused where they can be cut back, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from engine_runs import CPU, end_of, request, run_one, text_of
from tiny_model import NUM_LOGITS, tokenizer_json, write_checkpoint

from llama_assist.engine.engine import Engine
from llama_assist.engine.foreign import TransformersRunner
from llama_assist.engine.vocabulary import Vocabulary

SIZES = {
    "vocab_size": NUM_LOGITS,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "initializer_range": 0.3,
    "bos_token_id": None,
    "eos_token_id": 2,
}
PROMPT = tuple(range(10, 130))


def make_engine(folder: Path, kind: str, changes: dict[str, Any], num_slots: int = 2) -> Engine:
    import transformers

    with torch.random.fork_rng():
        torch.manual_seed(3)
        config = getattr(transformers, f"{kind}Config")(**{**SIZES, **changes})
        model = transformers.AutoModelForCausalLM.from_config(config)
    checkpoint = write_checkpoint(folder, model, tokenizer_json())
    runner = TransformersRunner(checkpoint, CPU, length=256)
    return Engine(runner, Vocabulary.from_file(checkpoint.tokenizer_path), num_slots)


@pytest.mark.parametrize("kind", ["GPTNeoX", "Gemma"])
def test_a_prefix_is_reused_and_the_answer_stays_the_same(tmp_path: Path, kind: str) -> None:
    engine = make_engine(tmp_path / "a", kind, {"head_dim": 16} if kind == "Gemma" else {})
    fresh = make_engine(tmp_path / "b", kind, {"head_dim": 16} if kind == "Gemma" else {})
    run_one(engine, request("first", PROMPT))
    longer = (*PROMPT[:100], 7, 8, 9)
    events = run_one(engine, request("second", longer))
    assert end_of(events).usage.cached_tokens == 100
    assert text_of(events) == text_of(run_one(fresh, request("second", longer)))


def test_a_slot_in_use_is_copied_and_both_answers_are_right(tmp_path: Path) -> None:
    engine = make_engine(tmp_path / "a", "GPTNeoX", {}, num_slots=3)
    alone = text_of(run_one(make_engine(tmp_path / "b", "GPTNeoX", {}), request("a", PROMPT, 20)))
    engine.submit(request("a", PROMPT, 20))
    for _ in range(5):
        engine.step()
    events = run_one(engine, request("b", PROMPT, 20))
    assert end_of(events, "b").usage.cached_tokens == len(PROMPT) - 1
    assert text_of(events, "b") == alone
    assert alone.endswith(text_of(events, "a"))


def test_a_cache_that_has_forgotten_its_beginning_is_not_reused(tmp_path: Path) -> None:
    engine = make_engine(tmp_path / "a", "Mistral", {"sliding_window": 32})
    fresh = make_engine(tmp_path / "b", "Mistral", {"sliding_window": 32})
    run_one(engine, request("first", PROMPT))
    events = run_one(engine, request("second", (*PROMPT, 7)))
    assert end_of(events).usage.cached_tokens == 0
    assert text_of(events) == text_of(run_one(fresh, request("second", (*PROMPT, 7))))


def test_a_window_that_is_not_full_yet_is_reused(tmp_path: Path) -> None:
    engine = make_engine(tmp_path, "Mistral", {"sliding_window": 64})
    run_one(engine, request("first", PROMPT[:20]))
    assert end_of(run_one(engine, request("second", PROMPT[:21]))).usage.cached_tokens == 20
