"""Small tokenizer.json files of the kinds that models of the LLaMA family come with."""

from __future__ import annotations

import json
from typing import Any

import tiny_model

CONTROL = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
WORDS = ("def", "return", "self", "print", "in", "im", "port", "import", "value", "to", "the", "x", "<s", "s>")
SPM_SPECIAL = ("<unk>", "<s>", "</s>")
PREPEND = {
    "type": "Sequence",
    "normalizers": [
        {"type": "Prepend", "prepend": "▁"},
        {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
    ],
}
METASPACE = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": False}


def byte_level() -> str:
    return tiny_model.tokenizer_json()


def byte_level_without_special_tokens() -> str:
    content = json.loads(byte_level())
    return json.dumps({**content, "added_tokens": []})


def sentencepiece(*, uses_metaspace: bool = False) -> str:
    """As LLaMA 2's: a space is put before every text, and bytes stand for what has no piece."""
    vocab = {piece: index for index, piece in enumerate([*SPM_SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256))])}
    merges: list[list[str]] = []
    for word in [*WORDS, *(f"▁{word}" for word in WORDS), "▁▁", "▁▁▁▁"]:
        for end in range(1, len(word) + 1):
            vocab.setdefault(word[end - 1], len(vocab))
            if end > 1 and word[:end] not in vocab:
                vocab[word[:end]] = len(vocab)
                merges.append([word[: end - 1], word[end - 1]])
    model = {"type": "BPE", "vocab": vocab, "merges": merges, "byte_fallback": True, "unk_token": "<unk>"}
    return _file(
        {"model": {**model, "fuse_unk": True}, "normalizer": None if uses_metaspace else PREPEND},
        pre_tokenizer=METASPACE if uses_metaspace else None,
    )


def metaspace() -> str:
    return sentencepiece(uses_metaspace=True)


def unigram() -> str:
    """A vocabulary that holds its special tokens among its pieces, where text can find them."""
    pieces = [[piece, 0.0] for piece in SPM_SPECIAL]
    pieces += [[f"<0x{byte:02X}>", -20.0] for byte in range(256)]
    pieces += [["▁", -3.0], *([word, -4.0] for word in WORDS)]
    pieces += [[chr(code), -9.0] for code in range(33, 127) if chr(code) not in WORDS]
    model = {"type": "Unigram", "unk_id": 0, "vocab": pieces, "byte_fallback": True}
    return _file({"model": model, "normalizer": None}, pre_tokenizer=METASPACE)


def _file(content: dict[str, Any], pre_tokenizer: object) -> str:
    added = [{"id": index, "content": text, **CONTROL} for index, text in enumerate(SPM_SPECIAL)]
    rest = {"version": "1.0", "truncation": None, "padding": None, "post_processor": None, "decoder": None}
    return json.dumps({**rest, **content, "pre_tokenizer": pre_tokenizer, "added_tokens": added})
