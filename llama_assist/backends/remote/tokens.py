"""Log probabilities as servers send them, in the shapes of completions or of chats, to `TokenLogprob`s."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from llama_assist.types import TokenLogprob


class TokenReader:
    """Reads the tokens of one answer, piece by piece; what is malformed is no token."""

    def __init__(self) -> None:
        self._offset = 0

    def read(self, data: object) -> tuple[TokenLogprob, ...]:
        """Return the tokens of one piece, with their places in the answer's text."""
        if not isinstance(data, dict):
            return ()
        found = _chat_tokens(data["content"]) if isinstance(data.get("content"), list) else _text_tokens(data)
        return tuple(self._placed(token) for token in found)

    def _placed(self, token: TokenLogprob) -> TokenLogprob:
        offset, self._offset = self._offset, self._offset + len(token.token)
        return replace(token, text_offset=offset)


def _chat_tokens(items: list[Any]) -> Iterator[TokenLogprob]:
    for item in items:
        pair = _pair(item)
        if pair is not None:
            others = item.get("top_logprobs")
            top = [_pair(each) for each in others] if isinstance(others, list) else []
            yield TokenLogprob(*pair, tuple(each for each in top if each is not None))


def _pair(item: object) -> tuple[str, float] | None:
    token, logprob = (item.get("token"), item.get("logprob")) if isinstance(item, dict) else (None, None)
    return (token, float(logprob)) if isinstance(token, str) and isinstance(logprob, (int, float)) else None


def _text_tokens(data: dict[str, Any]) -> Iterator[TokenLogprob]:
    columns = [data.get(name) for name in ("tokens", "token_logprobs", "top_logprobs")]
    tokens, logprobs, tops = ([] if not isinstance(column, list) else column for column in columns)
    tops = [*tops, *[None] * (len(tokens) - len(tops))]
    for token, logprob, top in zip(tokens, logprobs, tops, strict=False):
        if isinstance(token, str) and isinstance(logprob, (int, float)):
            pairs = top.items() if isinstance(top, dict) else ()
            others = tuple((str(text), float(value)) for text, value in pairs if isinstance(value, (int, float)))
            yield TokenLogprob(token, float(logprob), others)
