"""Token bytes, and what may be said next when the beginning is given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_model import SPECIAL
from tokenizers import Tokenizer

from llama_assist.checkpoint import Checkpoint
from llama_assist.engine.vocabulary import Vocabulary


def write(folder: Path, vocab: Any, added: list[dict[str, Any]]) -> Path:
    path = folder / "tokenizer.json"
    path.write_text(json.dumps({"model": {"vocab": vocab}, "added_tokens": added}), encoding="utf-8")
    return path


def test_bytes_of_tokens_spell_what_was_encoded(tiny_checkpoint: Checkpoint) -> None:
    vocabulary = Vocabulary.from_file(tiny_checkpoint.tokenizer_path)
    tokenizer = Tokenizer.from_file(str(tiny_checkpoint.tokenizer_path))
    text = "def größe(x):\n\treturn  x['你好🙂'] \x00\u2581"
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    assert b"".join(vocabulary.token_bytes[token_id] for token_id in ids).decode() == text


def test_special_tokens_have_no_bytes(tiny_checkpoint: Checkpoint) -> None:
    vocabulary = Vocabulary.from_file(tiny_checkpoint.tokenizer_path)
    assert [vocabulary.token_bytes[token_id] for token_id in range(len(SPECIAL))] == [b""] * len(SPECIAL)
    for text in SPECIAL:
        assert not set(vocabulary.allowed(text.encode())) & set(range(len(SPECIAL)))


def test_sentencepiece_vocabularies_are_read(tmp_path: Path) -> None:
    vocab = {"<unk>": 0, "<s>": 1, "<0x0A>": 2, "<0xE2>": 3, "▁def": 4, "a▁b": 5, "é": 6}
    added = [{"id": 1, "content": "<s>", "special": True}, {"id": 7, "content": "▁<PRE>", "special": True}]
    vocabulary = Vocabulary.from_file(write(tmp_path, vocab, added))
    assert vocabulary.token_bytes[1:] == [b"", b"\n", b"\xe2", b" def", b"a b", "é".encode(), b""]


def test_unigram_vocabularies_are_read(tmp_path: Path) -> None:
    vocab = [["<unk>", 0.0], ["▁", -1.0], ["<0x0A>", -2.0], ["ab", -3.0]]
    assert Vocabulary.from_file(write(tmp_path, vocab, [])).token_bytes[1:] == [b" ", b"\n", b"ab"]


def test_added_tokens_that_are_text_are_text(tmp_path: Path) -> None:
    added = [{"id": 2, "content": "  ", "special": False}, {"id": 4, "content": "<|end|>", "special": True}]
    vocabulary = Vocabulary.from_file(write(tmp_path, {"a": 0, "Ġb": 1}, added))
    assert vocabulary.token_bytes == [b"a", b" b", b"  ", b"", b""]


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary([b"p", b"pr", b"print", b"printf", b"int", b"q", b"", b"ri", b"n", b"print"], special_ids=[6])


def test_what_covers_the_beginning_may_go_on(vocabulary: Vocabulary) -> None:
    assert sorted(vocabulary.allowed(b"print")) == [1, 2, 3, 9]  # "pr" + "int" spells it, "p" + "ri" + "n" + "t" cannot
    assert sorted(vocabulary.allowed(b"pri")) == [0, 1, 2, 3, 9]
    assert sorted(vocabulary.allowed(b"i")) == [4]


def test_a_byte_without_a_token_blocks_what_would_need_it(vocabulary: Vocabulary) -> None:
    assert vocabulary.allowed(b"x") == []
    assert vocabulary.allowed(b"px") == []
    assert sorted(vocabulary.allowed(b"prin")) == [0, 1, 2, 3, 9]  # p+ri+n, pr+int..., print...


@given(st.binary(min_size=1, max_size=6).map(lambda data: bytes(b"abc"[byte % 3] for byte in data)))
def test_only_ways_that_can_be_walked_to_the_end_are_allowed(forced: bytes) -> None:
    texts = [b"ab", b"abc", b"a", b"ca", b"cab", b"bb", b"bca"]
    vocabulary = Vocabulary(texts)

    def can_spell(rest: bytes) -> bool:
        return any(text.startswith(rest) or (rest.startswith(text) and can_spell(rest[len(text) :])) for text in texts)

    expected = {
        token_id
        for token_id, text in enumerate(texts)
        if text.startswith(forced) or (forced.startswith(text) and can_spell(forced[len(text) :]))
    }
    assert set(vocabulary.allowed(forced)) == expected


def test_every_text_can_be_walked_where_single_bytes_have_tokens(tiny_checkpoint: Checkpoint) -> None:
    vocabulary = Vocabulary.from_file(tiny_checkpoint.tokenizer_path)
    for text in ("x", " zzz", "\n\t", "é", "你🙂"):
        rest = text.encode()
        while rest:
            allowed = vocabulary.allowed(rest)
            assert allowed
            shortest = min(allowed, key=lambda token_id: len(vocabulary.token_bytes[token_id]))
            rest = rest[len(vocabulary.token_bytes[shortest]) :]
