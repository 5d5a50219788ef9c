"""Token ids to bytes and back to ids by their bytes, read from a tokenizer.json; no tokenizer runs here."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

_BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")


class Vocabulary:
    """The bytes of every token. Special tokens have none: they can neither be forced nor reach the text."""

    def __init__(self, token_bytes: Iterable[bytes], special_ids: Iterable[int] = ()) -> None:
        self.token_bytes = list(token_bytes)
        for token_id in special_ids:
            self.token_bytes[token_id] = b""

    @classmethod
    def from_file(cls, path: Path) -> Vocabulary:
        """Read byte-level BPE (GPT-2's alphabet) or SentencePiece-like (▁ and <0xNN>) vocabularies."""
        content = json.loads(path.read_text(encoding="utf-8"))
        model, added = content["model"], content.get("added_tokens", [])
        pieces = _pieces(model["vocab"])
        to_bytes = _sentencepiece_bytes if _has_byte_tokens(pieces) else _byte_level_bytes
        table = {token_id: to_bytes(piece) for piece, token_id in pieces}
        table.update({token["id"]: token["content"].encode() for token in added})
        size = max(table) + 1
        special = [token["id"] for token in added if token.get("special", False)]
        return cls((table.get(token_id, b"") for token_id in range(size)), special)

    @cached_property
    def _sorted(self) -> list[tuple[bytes, int]]:
        return sorted((text, token_id) for token_id, text in enumerate(self.token_bytes) if text)

    @cached_property
    def _by_bytes(self) -> dict[bytes, int]:
        return dict(reversed(self._sorted))

    def starting_with(self, prefix: bytes) -> list[int]:
        """Return the ids of tokens whose bytes begin with a non-empty `prefix`."""
        first = bisect_left(self._sorted, (prefix, -1))
        ids = []
        for text, token_id in self._sorted[first:]:
            if not text.startswith(prefix):
                break
            ids.append(token_id)
        return ids

    def allowed(self, forced: bytes) -> list[int]:
        """Return the ids that may come next when the text must begin with `forced`.

        Either a token covers `forced` and may go on, or it is a beginning of it from which the rest can be
        reached; where single bytes have no token, that is not a matter of course.
        """
        ids = self.starting_with(forced)
        for cut in range(1, len(forced)):
            token_id = self._by_bytes.get(forced[:cut])
            if token_id is not None and self._reachable(forced[cut:]):
                ids.append(token_id)
        return ids

    def _reachable(self, rest: bytes) -> bool:
        """Tell whether tokens can spell `rest`, the last of them possibly going on behind it."""
        reachable = [False] * len(rest) + [True]
        for start in reversed(range(len(rest))):
            reachable[start] = self._covered(rest[start:]) or any(
                reachable[end] and rest[start:end] in self._by_bytes for end in range(start + 1, len(rest))
            )
        return reachable[0]

    def _covered(self, prefix: bytes) -> bool:
        first = bisect_left(self._sorted, (prefix, -1))
        return first < len(self._sorted) and self._sorted[first][0].startswith(prefix)


def _pieces(vocab: Any) -> list[tuple[str, int]]:
    """BPE vocabularies map pieces to ids; Unigram ones list [piece, score] in the order of ids."""
    if isinstance(vocab, dict):
        return list(vocab.items())
    return [(piece, token_id) for token_id, (piece, _) in enumerate(vocab)]


def _has_byte_tokens(pieces: list[tuple[str, int]]) -> bool:
    return any(piece == "<0x0A>" for piece, _ in pieces)


def _sentencepiece_bytes(piece: str) -> bytes:
    match = _BYTE_TOKEN.fullmatch(piece)
    return bytes([int(match[1], 16)]) if match else piece.replace("▁", " ").encode()


def _byte_level_bytes(piece: str) -> bytes:
    alphabet = _byte_level_alphabet()
    if all(character in alphabet for character in piece):
        return bytes(alphabet[character] for character in piece)
    return piece.encode()


@lru_cache(maxsize=1)
def _byte_level_alphabet() -> dict[str, int]:
    """GPT-2's table: printable bytes stand for themselves, the others for characters from 256 on."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    table = {chr(byte): byte for byte in printable}
    others = (byte for byte in range(256) if byte not in set(printable))
    table.update({chr(256 + number): byte for number, byte in enumerate(others)})
    return table
