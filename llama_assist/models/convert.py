"""A GGUF file in, a checkpoint folder out: one tensor at a time, with neither torch nor a copy in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from llama_assist.models.dequantize import to_bfloat16
from llama_assist.models.gguf import GgufFile, Tensor, refuse
from llama_assist.models.gguf_config import build_config
from llama_assist.models.gguf_tokenizer import build_tokenizer, build_tokenizer_config
from llama_assist.models.gguf_vocabulary import Vocabulary, read_vocabulary
from llama_assist.models.progress import Progress
from llama_assist.models.shapes import expected_shapes

_CHUNK_WEIGHTS = 1 << 21
"""Weights handled at a time: large enough for numpy, small enough for the processor's cache and for memory."""

_TOKENIZER_BYTES = 32 << 20

_OUTSIDE = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
_INSIDE = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


@dataclass(frozen=True)
class Weight:
    """One tensor of the checkpoint; `head_dim` is not 0 where its rows must be put back in rotary order."""

    name: str
    source: Tensor
    head_dim: int = 0


def convert_gguf(gguf: GgufFile, folder: Path, progress: Progress) -> None:
    """Write config, tokenizer, generation settings and bfloat16 weights of `gguf` into the existing `folder`.

    Raises `ModelError` for a file that is damaged or holds another architecture or tokenizer.
    """
    config, vocabulary = build_config(gguf), read_vocabulary(gguf)
    _write_json(folder / "tokenizer.json", build_tokenizer(vocabulary))
    _write_json(folder / "tokenizer_config.json", build_tokenizer_config(vocabulary))
    ends = [vocabulary.tokens.index(token) for token in vocabulary.end_tokens()]
    _write_json(folder / "generation_config.json", {"eos_token_id": ends})
    _write_json(folder / "config.json", {**config, "eos_token_id": ends, "bos_token_id": _bos(vocabulary)})
    write_weights(gguf, plan(gguf, config), folder / "model.safetensors", progress)


def converted_size(gguf: GgufFile) -> int:
    """Return about how many bytes the checkpoint will take: two for each weight, and its tokenizer."""
    weights = sum(tensor.num_rows * tensor.shape[-1] for tensor in gguf.tensors.values())
    return 2 * weights + _TOKENIZER_BYTES


def _bos(vocabulary: Vocabulary) -> int | None:
    token = vocabulary.special("bos")
    return None if token is None else vocabulary.tokens.index(token)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


def plan(gguf: GgufFile, config: dict[str, Any]) -> list[Weight]:
    """Return the checkpoint's tensors in the order of their names; refuse unknown, missing or misshapen ones."""
    weights = [_weight(gguf, tensor, config) for tensor in _sources(gguf, config["tie_word_embeddings"])]
    expected = expected_shapes(config)
    found = {weight.name: weight.source.shape for weight in weights}
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise refuse(gguf.path, f"{name} is {found.get(name)} instead of {expected.get(name)}", "bad-tensors")
    return sorted(weights, key=lambda weight: weight.name)


def _sources(gguf: GgufFile, tied: bool) -> Iterator[Tensor]:
    """Yield the tensors to keep; of two quantisations of one tied matrix the finer one, which is the head."""
    for tensor in gguf.tensors.values():
        if tensor.name == "rope_freqs.weight":
            continue
        if tied and tensor.name == "token_embd.weight" and "output.weight" in gguf.tensors:
            continue
        yield tensor


def _weight(gguf: GgufFile, tensor: Tensor, config: dict[str, Any]) -> Weight:
    if config["tie_word_embeddings"] and tensor.name == "output.weight":
        return Weight("model.embed_tokens.weight", tensor)
    if tensor.name in _OUTSIDE:
        return Weight(_OUTSIDE[tensor.name], tensor)
    block, _, rest = tensor.name.removeprefix("blk.").partition(".")
    part, _, suffix = rest.partition(".")
    if not block.isdecimal() or part not in _INSIDE or suffix not in ("weight", "bias"):
        raise refuse(gguf.path, f"the tensor {tensor.name!r} belongs to no known architecture", "unknown-architecture")
    # GGUF stores the queries and keys of "llama" with pairs of rotary rows side by side.
    interleaved = config["model_type"] == "llama" and part in ("attn_q", "attn_k")
    name = f"model.layers.{int(block)}.{_INSIDE[part]}.{suffix}"
    return Weight(name, tensor, config["head_dim"] if interleaved else 0)


def write_weights(gguf: GgufFile, weights: list[Weight], path: Path, progress: Progress) -> None:
    """Write `weights` as bfloat16 safetensors, streaming; `progress` counts bytes."""
    header, total = _header(weights)
    done = 0
    with path.open("wb") as file:
        file.write(header)
        for weight in weights:
            for chunk in _chunks(gguf, weight):
                file.write(chunk.data)
                done += chunk.nbytes
                progress("convert", done, total)


def _header(weights: list[Weight]) -> tuple[bytes, int]:
    """Return the length-prefixed JSON header of a safetensors file and the number of bytes that follow it."""
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for weight in weights:
        start, end = end, end + 2 * weight.source.num_rows * weight.source.shape[-1]
        entries[weight.name] = {"dtype": "BF16", "shape": list(weight.source.shape), "data_offsets": [start, end]}
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text, end


def _chunks(gguf: GgufFile, weight: Weight) -> Iterator[NDArray[np.uint16]]:
    """Yield the rows of one tensor as bfloat16 bits, in rotary order, a few million at a time."""
    source, unit = weight.source, max(weight.head_dim, 1)
    if len(source.shape) == 1:
        yield to_bfloat16(_rotary(gguf.rows(source, 0, 1).reshape(-1, 1), weight.head_dim)).reshape(-1)
        return
    step = max(_CHUNK_WEIGHTS // (source.shape[-1] * unit), 1) * unit
    for start in range(0, source.num_rows, step):
        rows = gguf.rows(source, start, min(start + step, source.num_rows))
        yield to_bfloat16(_rotary(rows, weight.head_dim))


def _rotary(rows: NDArray[np.float32], head_dim: int) -> NDArray[np.float32]:
    """Undo the interleaving of rotary rows: within each head, evens first, then odds."""
    if not head_dim:
        return rows
    pairs = rows.reshape(-1, head_dim // 2, 2, rows.shape[-1])
    return np.ascontiguousarray(pairs.swapaxes(1, 2)).reshape(rows.shape)
