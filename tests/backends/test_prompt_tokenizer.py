"""Prompts become ids that spell exactly what was written, and text never becomes a special token."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import tokenizer_files
from hypothesis import given
from hypothesis import strategies as st
from tiny_model import SPECIAL, TEMPLATE

from llama_assist.backends.tokenizer import PromptTokenizer
from llama_assist.engine.vocabulary import Vocabulary
from llama_assist.errors import InvalidRequestError
from llama_assist.prompt.chat import build_chat
from llama_assist.types import Markup, Message, ModelInfo, Prompt, Special

KINDS: dict[str, Callable[[], str]] = {
    "byte level": tokenizer_files.byte_level,
    "byte level without special tokens": tokenizer_files.byte_level_without_special_tokens,
    "sentencepiece": tokenizer_files.sentencepiece,
    "metaspace": tokenizer_files.metaspace,
    "unigram": tokenizer_files.unigram,
}
ALL_SPECIAL = {*SPECIAL, *tokenizer_files.SPM_SPECIAL}
PIECES = [
    *ALL_SPECIAL,
    "def ",
    " return",
    "im",
    "s>",
    "<",
    "x",
    "(",
    " ",
    "    ",
    "\n",
    "\t",
    "é",
    "🙂",
    "▁",
    "☺",
    "\x00",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)

Pair = tuple[PromptTokenizer, Vocabulary]


@pytest.fixture(scope="module", params=KINDS)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """The tokenizer of the server and the vocabulary of the engine, from one file."""
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    path.write_text(KINDS[request.param](), encoding="utf-8")
    return PromptTokenizer(path), Vocabulary.from_file(path)


@pytest.fixture
def tokenizer(tmp_path: Path) -> PromptTokenizer:
    path = tmp_path / "tokenizer.json"
    path.write_text(tokenizer_files.byte_level(), encoding="utf-8")
    return PromptTokenizer(path)


def spell(vocabulary: Vocabulary, ids: list[int] | tuple[int, ...]) -> bytes:
    return b"".join(vocabulary.token_bytes[token_id] for token_id in ids)


@given(TEXTS)
def test_ids_spell_the_text_and_nothing_else(pair: Pair, text: str) -> None:
    """No space is added in front, and what looks like a special token, which has no bytes, is spelled too."""
    tokenizer, vocabulary = pair
    assert spell(vocabulary, tokenizer.encode(text)) == text.replace("▁", " " if has_spaces(pair) else "▁").encode()


def has_spaces(pair: Pair) -> bool:
    """In SentencePiece's vocabularies the sign itself cannot be told from a space."""
    return bool(pair[0]._sentinel)


@given(TEXTS, TEXTS, st.text(max_size=10))
def test_segments_are_encoded_one_by_one_and_the_typed_text_is_split(
    pair: Pair, first: str, typed: str, end: str
) -> None:
    tokenizer, vocabulary = pair
    typed = (typed + end.replace("▁", "")).encode(errors="replace").decode().replace("▁", "_")
    ids, forced = tokenizer.encode_prompt(Prompt((first, "", first), typed))
    head = [*tokenizer.encode(first), *tokenizer.encode(first)]
    assert ids[: len(head)] == head
    assert spell(vocabulary, ids[len(head) :]) + forced == typed.encode()
    assert bool(forced) == bool(typed)


def test_a_special_segment_becomes_its_token(tokenizer: PromptTokenizer) -> None:
    prompt = Prompt((Special("<|fim_prefix|>"), "<|fim_prefix|>", Special("<|fim_middle|>")))
    ids, forced = tokenizer.encode_prompt(prompt)
    assert (ids[0], ids[-1]) == (SPECIAL.index("<|fim_prefix|>"), SPECIAL.index("<|fim_middle|>"))
    assert min(ids[1:-1]) >= len(SPECIAL)
    assert forced == b""


def test_a_special_token_that_the_model_lacks_is_refused(tokenizer: PromptTokenizer) -> None:
    with pytest.raises(InvalidRequestError, match="<PRE>"):
        tokenizer.encode_prompt(Prompt((Special("<PRE>"),)))
    assert tokenizer.special_id("<PRE>") is None
    assert tokenizer.special_ids(["<|im_end|>", "<PRE>"]) == [SPECIAL.index("<|im_end|>")]


def test_markup_knows_special_tokens(tokenizer: PromptTokenizer) -> None:
    ids, _ = tokenizer.encode_prompt(Prompt((Markup("<|im_start|>user\n<|im_end|>"),)))
    assert ids == [1, *tokenizer.encode("user\n"), 2]


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_no_message_can_speak_with_the_marks_of_the_template(pair: Pair, contents: list[str]) -> None:
    tokenizer, _ = pair
    model = ModelInfo("tiny", "llama", 512, TEMPLATE, eos_tokens=("<|im_end|>",))
    prompt = build_chat(model, [Message("user", content) for content in contents])
    ids, _ = tokenizer.encode_prompt(prompt)
    plain, _ = tokenizer.encode_prompt(build_chat(model, [Message("user", "x") for _ in contents]))
    control = {token_id for token_id in map(tokenizer.special_id, ALL_SPECIAL) if token_id is not None}
    assert [token for token in ids if token in control] == [token for token in plain if token in control]


@pytest.mark.parametrize(
    ("typed", "forced"),
    [
        ("values = np.ar", "ar"),
        ("values = np.", "."),
        ("    return ", " "),
        ("    ", "    "),
        ("x", "x"),
        ("print(", "("),
        ("größe = grö", " grö"),
        ("naïve[🙂", "[🙂"),
        ("", ""),
    ],
)
def test_the_last_piece_of_what_is_typed_is_forced(tokenizer: PromptTokenizer, typed: str, forced: str) -> None:
    assert tokenizer.encode_prompt(Prompt((), typed))[1].decode() == forced


@pytest.mark.parametrize(
    ("typed", "forced"), [("values = np.ar", "ar"), ("    return ", " "), ("def f", " f"), ("(", "(")]
)
def test_the_same_without_a_cut_of_the_model(tmp_path: Path, typed: str, forced: str) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(tokenizer_files.sentencepiece(), encoding="utf-8")
    assert PromptTokenizer(path).encode_prompt(Prompt((), typed))[1].decode() == forced


def test_half_a_surrogate_pair_is_replaced(tokenizer: PromptTokenizer) -> None:
    assert tokenizer.encode("a\ud83db") == tokenizer.encode("a?b")
    assert tokenizer.encode_prompt(Prompt((), "a.\ud83d"))[1] == b".?"


def test_an_empty_prompt_has_no_ids(pair: Pair) -> None:
    assert pair[0].encode_prompt(Prompt(())) == ([], b"")
    assert pair[0].encode("") == ()
