"""As much of llama-cpp-python as the benchmark asks for; a token is a character."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator, Sequence
from types import SimpleNamespace

import numpy as np

__version__ = "0.0-fake"
END = ord("e")


class Llama:
    """Keeps what it has read; writes `w` for ever, or `e`, which ends an answer, if the prompt ends with a `!`."""

    def __init__(self, path: str, n_ctx: int, n_threads: int, n_threads_batch: int, verbose: bool) -> None:
        print("chatter on stdout")
        if path.endswith("broken.gguf"):
            raise ValueError("Failed to load model from file")
        self.model = self
        self.input_ids = np.zeros(n_ctx, dtype=np.intc)
        self.n_tokens = 0

    def tokenize(self, text: bytes, add_bos: bool, special: bool) -> list[int]:
        assert not add_bos
        return [0] if special else list(text)

    def generate(self, tokens: Sequence[int], temp: float, repeat_penalty: float) -> Iterator[int]:
        assert (temp, repeat_penalty) == (0.0, 1.0)
        self.input_ids[: len(tokens)] = tokens
        self.n_tokens = len(tokens)
        while True:
            time.sleep(0.001)
            yield END if tokens[-1] == ord("!") else ord("w")


def llama_model_get_vocab(model: Llama) -> Llama:
    return model


def llama_vocab_is_eog(vocab: Llama, token: int) -> bool:
    return token == END


def llama_vocab_n_tokens(vocab: Llama) -> int:
    return 128


def llama_context_default_params() -> SimpleNamespace:
    return SimpleNamespace()


def llama_init_from_model(model: Llama, parameters: SimpleNamespace) -> SimpleNamespace:
    return SimpleNamespace(parameters=parameters, lengths=[0] * parameters.n_seq_max, rows=[])


def llama_batch_init(size: int, embeddings: int, sequences: int) -> SimpleNamespace:
    numbers = {name: [0] * size for name in ("token", "pos", "n_seq_id", "logits")}
    return SimpleNamespace(n_tokens=0, seq_id=[[0] * sequences for _ in range(size)], **numbers)


def llama_decode(context: SimpleNamespace, batch: SimpleNamespace) -> int:
    """Check that every token stands behind those of its sequence, within the context."""
    time.sleep(0.001)
    for row in range(batch.n_tokens):
        sequence = batch.seq_id[row][0]
        assert (batch.n_seq_id[row], batch.pos[row]) == (1, context.lengths[sequence])
        context.lengths[sequence] += 1
    context.rows = [bool(wanted) for wanted in batch.logits[: batch.n_tokens]]
    assert sum(context.lengths) <= context.parameters.n_ctx
    return 0


def llama_get_logits_ith(context: SimpleNamespace, row: int) -> ctypes.Array[ctypes.c_float]:
    assert context.rows[row]
    return (ctypes.c_float * 128)()


def llama_batch_free(batch: SimpleNamespace) -> None:
    pass


def llama_free(context: SimpleNamespace) -> None:
    pass
