"""A GGUF file's vocabulary in, a Hugging Face tokenizer.json and tokenizer_config.json out."""

from __future__ import annotations

from typing import Any

from llama_assist.errors import ModelError
from llama_assist.models.gguf import refuse
from llama_assist.models.gguf_vocabulary import CONTROL, ORDINARY, UNKNOWN, UNUSED, USER_DEFINED, Vocabulary

_BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
_GPT2 = [{**_BYTE_LEVEL, "use_regex": True}]
_DIGITS = {"type": "Digits", "individual_digits": True}
_QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_LLAMA3 = _QWEN2.replace(r"|\p{N}|", r"|\p{N}{1,3}|")


def _split(pattern: str) -> dict[str, Any]:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


_PRE_TOKENIZERS: dict[str, list[dict[str, Any]]] = {
    "default": _GPT2,
    "gpt-2": _GPT2,
    "smollm": [_DIGITS, *_GPT2],
    "starcoder": [_DIGITS, *_GPT2],
    "refact": [_DIGITS, *_GPT2],
    "qwen2": [_split(_QWEN2), _BYTE_LEVEL],
    "llama-bpe": [_split(_LLAMA3), _BYTE_LEVEL],
    "deepseek-coder": [
        _split(r"[\r\n]"),
        _split(r"\s?\p{L}+"),
        _split(r"\s?\p{P}+"),
        _split("[一-龥ࠀ-一가-퟿]+"),
        _DIGITS,
        _BYTE_LEVEL,
    ],
}
"""How each named vocabulary cuts text before merging: the pre-tokenizers of the models' own tokenizer.json."""

_SPACE = "▁"
_WHOLE_WORDS_FIRST = ("llama-bpe",)


def build_tokenizer(vocabulary: Vocabulary) -> dict[str, Any]:
    """Return the content of tokenizer.json; `ModelError` with reason `unknown-tokenizer` for other kinds."""
    metadata = vocabulary.gguf.metadata
    kind, cut = metadata.get("tokenizer.ggml.model"), str(metadata.get("tokenizer.ggml.pre", "default"))
    if kind == "gpt2" and cut in _PRE_TOKENIZERS:
        return _byte_level(vocabulary, cut)
    if kind == "llama" and vocabulary.scores:
        return _sentence_piece(vocabulary)
    raise refuse(vocabulary.gguf.path, f"its tokenizer {kind!r} ({cut!r}) is not known", "unknown-tokenizer")


def _frame(vocabulary: Vocabulary, parts: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": index, **token} for index, token in added_tokens(vocabulary).items()],
        **parts,
    }


def added_tokens(vocabulary: Vocabulary) -> dict[int, dict[str, Any]]:
    """Return the tokens that are matched as whole texts, by their numbers."""
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    return {
        index: {"content": vocabulary.tokens[index], **flags, "special": vocabulary.types[index] != USER_DEFINED}
        for index in vocabulary.ids_of(UNKNOWN, CONTROL, USER_DEFINED)
    }


def _byte_level(vocabulary: Vocabulary, cut: str) -> dict[str, Any]:
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": "",
        "end_of_word_suffix": "",
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": cut in _WHOLE_WORDS_FIRST,
        "vocab": _ordinary(vocabulary),
        "merges": vocabulary.merges,
    }
    parts = {
        # Qwen's own file composes accents (NFC). Left out: encoding must give the user's text back unchanged.
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": _PRE_TOKENIZERS[cut]},
        "post_processor": None,
        "decoder": {**_BYTE_LEVEL, "use_regex": True},
        "model": model,
    }
    return _frame(vocabulary, parts)


def _sentence_piece(vocabulary: Vocabulary) -> dict[str, Any]:
    """Return a SentencePiece BPE vocabulary: spaces are letters, and what is unknown falls back to bytes."""
    space = {"type": "Replace", "pattern": {"String": " "}, "content": _SPACE}
    strip, normalizers = [], [space]
    if vocabulary.gguf.metadata.get("tokenizer.ggml.add_space_prefix", True):
        strip = [{"type": "Strip", "content": " ", "start": 1, "stop": 0}]
        normalizers = [{"type": "Prepend", "prepend": _SPACE}, space]
    back = {"type": "Replace", "pattern": {"String": _SPACE}, "content": " "}
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": vocabulary.special("unknown"),
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": True,
        "byte_fallback": True,
        "ignore_merges": False,
        "vocab": _ordinary(vocabulary),
        "merges": _merges_from_scores(vocabulary),
    }
    parts = {
        "normalizer": {"type": "Sequence", "normalizers": normalizers},
        "pre_tokenizer": None,
        "post_processor": None,
        "decoder": {"type": "Sequence", "decoders": [back, {"type": "ByteFallback"}, {"type": "Fuse"}, *strip]},
        "model": model,
    }
    return _frame(vocabulary, parts)


def _merges_from_scores(vocabulary: Vocabulary) -> list[list[str]]:
    """Return every way to build an ordinary token from two, in the order of preference that the scores give."""
    scores = {vocabulary.tokens[index]: vocabulary.scores[index] for index in vocabulary.ids_of(ORDINARY)}
    number = {token: index for index, token in enumerate(vocabulary.tokens)}
    merges = [
        (-score, number[token[:cut]], number[token[cut:]])
        for token, score in scores.items()
        for cut in range(1, len(token))
        if token[:cut] in scores and token[cut:] in scores
    ]
    return [[vocabulary.tokens[left], vocabulary.tokens[right]] for _, left, right in sorted(merges)]


def _ordinary(vocabulary: Vocabulary) -> dict[str, int]:
    """Return all tokens but the unused ones at the end, which only fill the matrix up."""
    end = len(vocabulary.tokens)
    while end and vocabulary.types[end - 1] == UNUSED:
        end -= 1
    return {token: index for index, token in enumerate(vocabulary.tokens[:end])}


def _begins_with_bos(vocabulary: Vocabulary) -> bool:
    """Whether texts begin with a token of their own in vocabularies of this kind, where the file does not say so."""
    metadata = vocabulary.gguf.metadata
    return metadata.get("tokenizer.ggml.model") == "llama" or metadata.get("tokenizer.ggml.pre") == "llama-bpe"


def build_tokenizer_config(vocabulary: Vocabulary) -> dict[str, Any]:
    """Return the content of tokenizer_config.json, chat template included."""
    metadata = vocabulary.gguf.metadata
    template = metadata.get("tokenizer.chat_template", "")
    if not isinstance(template, str):
        raise ModelError(f"The chat template of {vocabulary.gguf.path.name} is not a text.", "bad-gguf")
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "added_tokens_decoder": {str(index): token for index, token in added_tokens(vocabulary).items()},
        "add_bos_token": bool(metadata.get("tokenizer.ggml.add_bos_token", _begins_with_bos(vocabulary))),
        "bos_token": vocabulary.special("bos"),
        "eos_token": vocabulary.special("eos"),
        "pad_token": vocabulary.special("padding"),
        "unk_token": vocabulary.special("unknown"),
        "clean_up_tokenization_spaces": False,
        "chat_template": template,
    }
