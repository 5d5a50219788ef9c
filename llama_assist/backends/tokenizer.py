"""Prompts to token ids: segment by segment, so that user text can never become a special token."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from llama_assist.errors import InvalidRequestError
from llama_assist.types import Markup, Prompt, Segment

CACHED_SEGMENTS = 512  # texts whose ids are kept: the stable parts of a prompt are encoded once
_SENTINEL = "☺"  # precedes texts of tokenizers that would else put a space before each (Code Llama's own trick)
_LAST_PIECE = re.compile(r"[^\S\n]?(?:\w+|[^\w\s]+|\s)\Z")


class PromptTokenizer:
    """Encodes the prompts of one model."""

    def __init__(self, path: Path) -> None:
        content = json.loads(path.read_text(encoding="utf-8"))
        self._special = {token["content"]: int(token["id"]) for token in content.get("added_tokens", [])}
        self._control_ids = {int(token["id"]) for token in content.get("added_tokens", []) if token.get("special")}
        longest_first = sorted(self._special, key=len, reverse=True)
        self._special_pattern = re.compile("(" + ("|".join(map(re.escape, longest_first)) or "(?!)") + ")")
        self._plain = _plain_tokenizer(content)
        self._sentinel = self._plain.encode(_SENTINEL, add_special_tokens=False).ids if _prepends(content) else []
        self._encode_cached = lru_cache(CACHED_SEGMENTS)(self._encode)

    def encode(self, text: str) -> tuple[int, ...]:
        """Return the ids of plain text; what looks like a special token in it stays text."""
        return self._encode_cached(text) if text else ()

    def special_id(self, text: str) -> int | None:
        """Return the id of the special token with this exact text, if the model has one."""
        return self._special.get(text)

    def special_ids(self, texts: Iterable[str]) -> list[int]:
        """Return the ids of those of `texts` that are special tokens of this model."""
        return [self._special[text] for text in texts if text in self._special]

    def encode_prompt(self, prompt: Prompt) -> tuple[list[int], bytes]:
        """Return prompt ids, and the bytes that the answer must begin with.

        The last piece of `typed` (a word, a run of signs, a space) may go on, so its tokens are not those that
        the model would have chosen: they are taken back, and its bytes are forced instead (token healing,
        arXiv 2403.08688).
        """
        ids = [token_id for segment in prompt.segments for token_id in self._encode_segment(segment)]
        typed = _clean(prompt.typed)
        cut = self._last_piece(typed)
        ids.extend(self.encode(typed[:cut]))
        return ids, typed[cut:].encode()

    def _encode_segment(self, segment: Segment) -> Iterable[int]:
        if isinstance(segment, str):
            return self.encode(segment)
        if isinstance(segment, Markup):
            return self._encode_markup(segment.text)
        token_id = self._special.get(segment.text)
        if token_id is None:
            raise InvalidRequestError(f"This model has no token {segment.text!r}, which its prompt form needs.")
        return (token_id,)

    def _encode_markup(self, text: str) -> Iterator[int]:
        for piece in self._special_pattern.split(text):
            if piece in self._special:
                yield self._special[piece]
            else:
                yield from self.encode(piece)

    def _last_piece(self, typed: str) -> int:
        """Return where the last piece of `typed` begins, by the model's own cut where it has one."""
        if not typed:
            return 0
        if self._plain.pre_tokenizer is not None and not self._sentinel:
            pieces = self._plain.pre_tokenizer.pre_tokenize_str(typed)
            return int(pieces[-1][1][0])
        match = _LAST_PIECE.search(typed)
        return match.start() if match else len(typed) - 1

    def _encode(self, text: str) -> tuple[int, ...]:
        """Encode text that some vocabularies hold as a special token (Unigram's do) in halves that do not."""
        ids = self._encode_once(_clean(text))
        if len(text) < 2 or self._control_ids.isdisjoint(ids):
            return ids
        middle = len(text) // 2
        return (*self._encode(text[:middle]), *self._encode(text[middle:]))

    def _encode_once(self, text: str) -> tuple[int, ...]:
        if not self._sentinel:
            return tuple(self._plain.encode(text, add_special_tokens=False).ids)
        ids = self._plain.encode(_SENTINEL + text, add_special_tokens=False).ids
        return tuple(ids[len(self._sentinel) :])


def _clean(text: str) -> str:
    """Replace halves of surrogate pairs, which no tokenizer takes."""
    return text.encode(errors="replace").decode()


def _plain_tokenizer(content: dict[str, Any]) -> Tokenizer:
    """Return the tokenizer without its added tokens, so that it knows text only."""
    return Tokenizer.from_str(json.dumps({**content, "added_tokens": [], "post_processor": None}))


def _prepends(content: dict[str, Any]) -> bool:
    """Tell whether a space is put before every text, as SentencePiece models of the LLaMA family do."""
    return "▁" in json.dumps([content.get("normalizer"), content.get("pre_tokenizer")], ensure_ascii=False)
