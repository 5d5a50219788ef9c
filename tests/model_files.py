"""Tiny models on disk: GGUF files as llama.cpp writes them, and folders in Hugging Face layout."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

HIDDEN, INNER, LAYERS, HEADS, KV_HEADS, HEAD_DIM = 64, 96, 2, 4, 2, 16
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def byte_symbols() -> list[str]:
    """The printable stand-ins of the 256 bytes in a byte-level vocabulary, in the order of the bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(byte) if byte in printable else chr(next(others)) for byte in range(256)]


def vocabulary(*words: str) -> list[str]:
    """Special tokens, then the bytes, then `words`."""
    return [*SPECIAL, *byte_symbols(), *words]


VOCAB = len(vocabulary())


def llama_config(**changes: Any) -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "hidden_size": HIDDEN,
        "intermediate_size": INNER,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS,
        "head_dim": HEAD_DIM,
        "max_position_embeddings": 128,
        "rms_norm_eps": 1e-6,
        "rope_theta": 10000.0,
        "tie_word_embeddings": True,
        "vocab_size": VOCAB,
        "eos_token_id": [2, 0],
        **changes,
    }


def llama_weights(seed: int = 0) -> dict[str, np.ndarray]:
    """Random weights under their GGUF names, float32, rows and columns as in Hugging Face checkpoints."""
    rng = np.random.default_rng(seed)

    def matrix(rows: int, columns: int) -> np.ndarray:
        return (rng.standard_normal((rows, columns)) * 0.05).astype(np.float32)

    weights = {"token_embd.weight": matrix(VOCAB, HIDDEN), "output_norm.weight": np.ones(HIDDEN, np.float32)}
    for layer in range(LAYERS):
        block = {
            "attn_norm": np.ones(HIDDEN, np.float32),
            "attn_q": matrix(HEADS * HEAD_DIM, HIDDEN),
            "attn_k": matrix(KV_HEADS * HEAD_DIM, HIDDEN),
            "attn_v": matrix(KV_HEADS * HEAD_DIM, HIDDEN),
            "attn_output": matrix(HIDDEN, HEADS * HEAD_DIM),
            "ffn_norm": np.ones(HIDDEN, np.float32),
            "ffn_gate": matrix(INNER, HIDDEN),
            "ffn_up": matrix(INNER, HIDDEN),
            "ffn_down": matrix(HIDDEN, INNER),
        }
        weights |= {f"blk.{layer}.{name}.weight": value for name, value in block.items()}
    return weights


def interleave(weight: np.ndarray, heads: int) -> np.ndarray:
    """What llama.cpp's converter does to the queries and keys of a LLaMA."""
    halves = weight.reshape(heads, 2, -1, *weight.shape[1:])
    return np.ascontiguousarray(halves.swapaxes(1, 2)).reshape(weight.shape)


def llama_metadata(**changes: Any) -> dict[str, Any]:
    metadata = {
        "general.architecture": "llama",
        "general.alignment": 32,
        "llama.block_count": LAYERS,
        "llama.context_length": 128,
        "llama.embedding_length": HIDDEN,
        "llama.feed_forward_length": INNER,
        "llama.attention.head_count": HEADS,
        "llama.attention.head_count_kv": KV_HEADS,
        "llama.attention.layer_norm_rms_epsilon": 1e-6,
        "llama.rope.freq_base": 10000.0,
        **tokenizer_metadata(vocabulary(), [], "gpt-2"),
    }
    metadata |= changes
    return {key: value for key, value in metadata.items() if value is not None}


def tokenizer_metadata(tokens: list[str], merges: list[str], cut: str) -> dict[str, Any]:
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": cut,
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [3 if token in SPECIAL else 1 for token in tokens],
        "tokenizer.ggml.merges": merges,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.chat_template": "{% for message in messages %}{{ message['content'] }}{% endfor %}",
    }


def _string(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def _value(value: Any) -> bytes:
    """Type number and value, as GGUF stores them."""
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, float):
        return struct.pack("<If", 6, value)
    if isinstance(value, str):
        return struct.pack("<I", 8) + _string(value)
    body = [_value(item) for item in value]
    kind = body[0][:4] if body else struct.pack("<I", 8)
    return struct.pack("<I", 9) + kind + struct.pack("<Q", len(body)) + b"".join(item[4:] for item in body)


def q8_0(values: np.ndarray) -> bytes:
    """Quantise rows in blocks of 32."""
    blocks = values.reshape(-1, 32)
    scale = (np.abs(blocks).max(axis=1, keepdims=True) / 127).astype(np.float16)
    quants = np.round(blocks / np.maximum(scale.astype(np.float32), 1e-12)).astype(np.int8)
    return np.concatenate([scale.view(np.uint8), quants.view(np.uint8)], axis=1).tobytes()


def gguf_bytes(metadata: dict[str, Any], weights: dict[str, np.ndarray], quantised: tuple[str, ...] = ()) -> bytes:
    """A whole GGUF file; tensors named in `quantised` are stored as Q8_0, the others as float32."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(weights), len(metadata))
    head += b"".join(_string(key) + _value(value) for key, value in metadata.items())
    data = b""
    for name, weight in weights.items():
        kind, raw = (8, q8_0(weight)) if name in quantised else (0, weight.astype("<f4").tobytes())
        shape = weight.shape[::-1]
        head += _string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, len(data))
        data += raw + bytes(-len(raw) % 32)
    return head + bytes(-len(head) % 32) + data


def write_gguf(
    path: Path, metadata: dict[str, Any] | None = None, weights: dict[str, np.ndarray] | None = None
) -> Path:
    """A tiny LLaMA as llama.cpp would write it, queries and keys interleaved."""
    weights = llama_weights() if weights is None else weights
    stored = {
        name: interleave(weight, HEADS if ".attn_q." in name else KV_HEADS)
        if ".attn_q." in name or ".attn_k." in name
        else weight
        for name, weight in weights.items()
    }
    path.write_bytes(gguf_bytes(llama_metadata() if metadata is None else metadata, stored))
    return path


def safetensors_bytes(tensors: dict[str, np.ndarray]) -> bytes:
    """A safetensors file of float32 tensors."""
    entries, data = {}, b""
    for name, value in tensors.items():
        raw = value.astype("<f4").tobytes()
        place = [len(data), len(data) + len(raw)]
        entries[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": place}
        data += raw
    header = json.dumps(entries).encode()
    return len(header).to_bytes(8, "little") + header + data


def read_bfloat16(path: Path) -> dict[str, np.ndarray]:
    """The tensors of a bfloat16 safetensors file as float32."""
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    entries = json.loads(raw[8 : 8 + length])
    entries.pop("__metadata__", None)
    tensors = {}
    for name, entry in entries.items():
        start, stop = (8 + length + offset for offset in entry["data_offsets"])
        bits = np.frombuffer(raw[start:stop], dtype=np.uint16).astype(np.uint32) << 16
        tensors[name] = bits.view(np.float32).reshape(entry["shape"])
    return tensors


HF_NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def hf_name(name: str) -> str:
    """The Hugging Face name of a GGUF tensor."""
    if not name.startswith("blk."):
        stem, _, suffix = name.partition(".")
        return f"{HF_NAMES[stem]}.{suffix}"
    _, layer, stem, suffix = name.split(".")
    return f"model.layers.{layer}.{HF_NAMES[stem]}.{suffix}"


def tokenizer_json() -> dict[str, Any]:
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {
        "version": "1.0",
        "added_tokens": [{"id": index, "content": token, **flags} for index, token in enumerate(SPECIAL)],
        "normalizer": None,
        "pre_tokenizer": byte_level,
        "post_processor": None,
        "decoder": byte_level,
        "model": {"type": "BPE", "vocab": {token: i for i, token in enumerate(vocabulary())}, "merges": []},
    }


def write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


def write_model_folder(folder: Path, config: dict[str, Any] | None = None) -> Path:
    """A tiny LLaMA as transformers would save it."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", llama_config() if config is None else config)
    write_json(folder / "tokenizer.json", tokenizer_json())
    write_json(
        folder / "tokenizer_config.json",
        {"eos_token": "<|im_end|>", "bos_token": "<|im_start|>", "add_bos_token": False, "chat_template": "{{ 1 }}"},
    )
    weights = {hf_name(name): weight for name, weight in llama_weights().items()}
    (folder / "model.safetensors").write_bytes(safetensors_bytes(weights))
    return folder
