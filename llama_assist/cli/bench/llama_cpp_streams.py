"""Several answers at once from llama.cpp, as its own server writes them: one batch, a token of each, step by step."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import llama_cpp
import numpy as np


def stream_speed(model: Any, prompts: Sequence[Sequence[int]], max_tokens: int, num_threads: int) -> float:
    """Return tokens per second in all, after the first of each; greedy, and nobody ends before `max_tokens`."""
    context = llama_cpp.llama_init_from_model(model.model, _parameters(prompts, max_tokens, num_threads))
    batch = llama_cpp.llama_batch_init(max(len(prompts), *map(len, prompts)), 0, 1)
    num_logits = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model.model))
    try:
        last = []
        for sequence, prompt in enumerate(prompts):
            _decode(context, batch, [(token, place, sequence) for place, token in enumerate(prompt)])
            last.append(_best(context, len(prompt) - 1, num_logits))
        started = time.perf_counter()
        for step in range(max_tokens - 1):
            rows = [(last[number], len(prompt) + step, number) for number, prompt in enumerate(prompts)]
            _decode(context, batch, rows)
            last = [_best(context, number, num_logits) for number in range(len(prompts))]
        return len(prompts) * (max_tokens - 1) / (time.perf_counter() - started)
    finally:
        llama_cpp.llama_batch_free(batch)
        llama_cpp.llama_free(context)


def _parameters(prompts: Sequence[Sequence[int]], max_tokens: int, num_threads: int) -> Any:
    parameters = llama_cpp.llama_context_default_params()
    parameters.n_seq_max = len(prompts)
    parameters.n_ctx = len(prompts) * (max(map(len, prompts)) + max_tokens)
    parameters.n_threads = parameters.n_threads_batch = num_threads
    return parameters


def _decode(context: Any, batch: Any, rows: Sequence[tuple[int, int, int]]) -> None:
    """Read rows of (token, position, sequence)."""
    batch.n_tokens = len(rows)
    for number, (token, position, sequence) in enumerate(rows):
        batch.token[number], batch.pos[number] = token, position
        batch.n_seq_id[number], batch.seq_id[number][0] = 1, sequence
        is_last = number + 1 == len(rows) or rows[number + 1][2] != sequence
        batch.logits[number] = is_last
    if llama_cpp.llama_decode(context, batch):
        raise RuntimeError("llama_decode failed")


def _best(context: Any, row: int, num_logits: int) -> int:
    logits = llama_cpp.llama_get_logits_ith(context, row)
    return int(np.ctypeslib.as_array(logits, shape=(num_logits,)).argmax())
