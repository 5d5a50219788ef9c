"""As much of llama-cpp-python as the benchmark asks for; a token is a character."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

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
