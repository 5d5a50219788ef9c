"""The tokens of a GGUF file with their types, checked for agreement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from llama_assist.models.gguf import GgufFile, refuse

ORDINARY, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6
"""Token types of GGUF."""

_END_TOKENS = (
    "<|im_end|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end|>",
    "<|EOT|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "</s>",
)
"""Control tokens that end a turn or a text in every vocabulary that has them."""


@dataclass(frozen=True)
class Vocabulary:
    """The vocabulary of one file; `types` has one entry a token."""

    gguf: GgufFile
    tokens: list[str]
    types: list[int]
    scores: list[float]
    merges: list[str]

    def special(self, key: str) -> str | None:
        """Return the text of the token whose number stands under `tokenizer.ggml.<key>_token_id`."""
        token_id = self.gguf.metadata.get(f"tokenizer.ggml.{key}_token_id")
        if token_id is None:
            return None
        if not isinstance(token_id, int) or not 0 <= token_id < len(self.tokens):
            raise refuse(self.gguf.path, f"its {key} token {token_id!r} is outside the vocabulary")
        return self.tokens[token_id]

    def ids_of(self, *types: int) -> list[int]:
        """Return the numbers of all tokens of these types."""
        return [index for index, kind in enumerate(self.types) if kind in types]

    def end_tokens(self) -> list[str]:
        """Return the texts of the tokens that end an answer, the declared one first."""
        control = {self.tokens[index] for index in self.ids_of(CONTROL)}
        declared = [self.special("eos"), self.special("eot")]
        found = [token for token in declared if token is not None]
        return list(dict.fromkeys([*found, *(token for token in _END_TOKENS if token in control)]))


def read_vocabulary(gguf: GgufFile) -> Vocabulary:
    """Return the vocabulary of `gguf`; `ModelError` with reason `no-tokenizer` or `bad-gguf`."""
    tokens = _list(gguf, "tokens", str)
    if not tokens:
        raise refuse(gguf.path, "it has no vocabulary", "no-tokenizer")
    types = _list(gguf, "token_type", int) or [1] * len(tokens)
    scores = _list(gguf, "scores", float)
    if len(types) != len(tokens) or len(scores) not in (0, len(tokens)):
        raise refuse(gguf.path, f"{len(tokens)} tokens have {len(types)} types and {len(scores)} scores")
    if len(set(tokens)) != len(tokens):
        raise refuse(gguf.path, "a token stands twice in its vocabulary")
    return Vocabulary(gguf, tokens, types, scores, _list(gguf, "merges", str))


def _list(gguf: GgufFile, key: str, kind: type) -> list[Any]:
    values = gguf.metadata.get(f"tokenizer.ggml.{key}", [])
    if not isinstance(values, list) or not all(isinstance(value, kind) for value in values):
        raise refuse(gguf.path, f"tokenizer.ggml.{key} is not a list of {kind.__name__} values")
    return values
