"""A GGUF vocabulary becomes a tokenizer.json that cuts and merges text as the model was trained to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from model_files import SPECIAL, gguf_bytes, llama_metadata, tokenizer_metadata, vocabulary
from tokenizers import Tokenizer

from llama_assist.errors import ModelError
from llama_assist.models.gguf import read_gguf
from llama_assist.models.gguf_tokenizer import build_tokenizer, build_tokenizer_config
from llama_assist.models.gguf_vocabulary import Vocabulary, read_vocabulary
from llama_assist.models.store import Store

GOLDEN = json.loads((Path(__file__).parent / "golden_tokens.json").read_text(encoding="utf-8"))
"""Token numbers that llama.cpp gives for the same vocabularies."""


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def read(metadata: dict[str, Any]) -> Vocabulary:
        (tmp_path / "v.gguf").write_bytes(gguf_bytes(metadata, {}))
        return read_vocabulary(read_gguf(tmp_path / "v.gguf"))

    return read


def pieces(read: Any, cut: str, text: str, *merges: str) -> list[str]:
    """The tokens of `text` in a vocabulary of bytes and of what `merges` build."""
    words = [merge.replace(" ", "") for merge in merges]
    built = build_tokenizer(read(tokenizer_metadata(vocabulary(*words), list(merges), cut)))
    return list(Tokenizer.from_str(json.dumps(built)).encode(text, add_special_tokens=False).tokens)


@pytest.mark.parametrize(
    ("cut", "expected"),
    [
        ("gpt-2", ["12", "3", "4"]),
        ("smollm", ["1", "2", "3", "4"]),
        ("starcoder", ["1", "2", "3", "4"]),
        ("refact", ["1", "2", "3", "4"]),
        ("qwen2", ["1", "2", "3", "4"]),
        ("deepseek-coder", ["1", "2", "3", "4"]),
        ("llama-bpe", ["12", "3", "4"]),
    ],
)
def test_numbers_are_cut_as_in_training(read: Any, cut: str, expected: list[str]) -> None:
    assert pieces(read, cut, "1234", "1 2", "3 4" if cut == "llama-bpe" else "3 5") == expected


def test_a_word_never_joins_the_line_end(read: Any) -> None:
    for cut in ("gpt-2", "smollm", "qwen2", "llama-bpe", "deepseek-coder"):
        assert pieces(read, cut, "a\n", "a Ċ") == ["a", "Ċ"]


def test_whole_words_go_before_merges_in_llama3(read: Any) -> None:
    metadata = tokenizer_metadata([*vocabulary(), "abc"], [], "llama-bpe")
    built = Tokenizer.from_str(json.dumps(build_tokenizer(read(metadata))))
    assert built.encode("abc").tokens == ["abc"]


def test_every_byte_comes_back(read: Any) -> None:
    text = "def f():\n\treturn 'é漢🙂' e\u0301  # \u200d\u00a0\r\n"
    for cut in ("gpt-2", "smollm", "qwen2", "llama-bpe", "deepseek-coder"):
        built = build_tokenizer(read(tokenizer_metadata(vocabulary(), [], cut)))
        tokenizer = Tokenizer.from_str(json.dumps(built))
        assert tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False) == text


def test_special_tokens_are_matched_whole_and_keep_their_numbers(read: Any) -> None:
    built = build_tokenizer(read(tokenizer_metadata(vocabulary(), [], "qwen2")))
    tokenizer = Tokenizer.from_str(json.dumps(built))
    assert tokenizer.encode("a<|im_end|>b").tokens == ["a", "<|im_end|>", "b"]
    assert [tokenizer.token_to_id(token) for token in SPECIAL] == [0, 1, 2]


def test_unused_tokens_at_the_end_are_left_out(read: Any) -> None:
    metadata = tokenizer_metadata([*vocabulary(), "[PAD1]", "[PAD2]"], [], "qwen2")
    metadata["tokenizer.ggml.token_type"][-2:] = [5, 5]
    built = build_tokenizer(read(metadata))
    assert len(built["model"]["vocab"]) == len(vocabulary())


def sentence_piece(**changes: Any) -> dict[str, Any]:
    """A vocabulary of `▁`, `a`, `b`, `▁a`, `ab` and bytes; `ab` is preferred to `▁a`."""
    special = ["<unk>", "<s>", "</s>"]
    tokens = [*special, *(f"<0x{byte:02X}>" for byte in range(256)), "ab", "▁a", "▁", "a", "b"]
    kinds = [2, 3, 3, *([6] * 256), 1, 1, 1, 1, 1]
    return {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": kinds,
        "tokenizer.ggml.scores": [0.0] * 259 + [-1.0, -2.0, -3.0, -4.0, -5.0],
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0,
    } | changes


def test_sentence_piece_merges_by_score_and_falls_back_to_bytes(read: Any) -> None:
    tokenizer = Tokenizer.from_str(json.dumps(build_tokenizer(read(sentence_piece()))))
    assert tokenizer.encode("ab a").tokens == ["▁", "ab", "▁a"]
    assert tokenizer.encode("é").tokens == ["▁", "<0xC3>", "<0xA9>"]
    assert tokenizer.decode(tokenizer.encode("ab é a").ids) == "ab é a"


def test_sentence_piece_adds_no_space_where_the_file_says_so(read: Any) -> None:
    built = build_tokenizer(read(sentence_piece(**{"tokenizer.ggml.add_space_prefix": False})))
    tokenizer = Tokenizer.from_str(json.dumps(built))
    assert tokenizer.encode("ab a").tokens == ["ab", "▁a"]
    assert tokenizer.decode(tokenizer.encode(" ab").ids) == " ab"


def test_settings_name_the_special_tokens_and_the_template(read: Any) -> None:
    settings = build_tokenizer_config(read(llama_metadata()))
    assert (settings["bos_token"], settings["eos_token"], settings["pad_token"]) == (SPECIAL[1], SPECIAL[2], None)
    assert settings["add_bos_token"] is False
    assert settings["chat_template"].startswith("{% for message")
    assert build_tokenizer_config(read(sentence_piece()))["add_bos_token"] is True


def test_known_end_tokens_are_found_beside_the_declared_one(read: Any) -> None:
    assert read(llama_metadata()).end_tokens() == ["<|im_end|>", "<|endoftext|>"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tokenizer.ggml.model": "bert"}, "unknown-tokenizer"),
        ({"tokenizer.ggml.model": "llama"}, "unknown-tokenizer"),
        ({"tokenizer.ggml.pre": "future-model"}, "unknown-tokenizer"),
        ({"tokenizer.ggml.tokens": None}, "no-tokenizer"),
        ({"tokenizer.ggml.tokens": "abc"}, "bad-gguf"),
        ({"tokenizer.ggml.tokens": [1, 2]}, "bad-gguf"),
        ({"tokenizer.ggml.tokens": ["a", "a"]}, "bad-gguf"),
        ({"tokenizer.ggml.token_type": [1]}, "bad-gguf"),
        ({"tokenizer.ggml.scores": [0.5]}, "bad-gguf"),
        ({"tokenizer.ggml.eos_token_id": 10_000}, "bad-gguf"),
        ({"tokenizer.ggml.eos_token_id": "x"}, "bad-gguf"),
        ({"tokenizer.chat_template": 7}, "bad-gguf"),
    ],
)
def test_other_and_broken_vocabularies_are_refused(read: Any, changes: dict[str, Any], reason: str) -> None:
    def build() -> None:
        vocabulary = read(llama_metadata(**changes))
        build_tokenizer(vocabulary)
        build_tokenizer_config(vocabulary)

    with pytest.raises(ModelError) as caught:
        build()
    assert caught.value.reason == reason


@pytest.mark.weights
@pytest.mark.parametrize("model", GOLDEN["ids"])
def test_real_vocabularies_give_the_tokens_of_llama_cpp(model: str) -> None:
    checkpoint = Store().find(model)
    if checkpoint is None:
        pytest.skip(f"{model} is not installed; `llama-assist model pull {model}` fetches it")
    tokenizer = Tokenizer.from_file(str(checkpoint.tokenizer_path))
    found = [tokenizer.encode(text, add_special_tokens=False).ids for text in GOLDEN["texts"]]
    assert found == GOLDEN["ids"][model]
