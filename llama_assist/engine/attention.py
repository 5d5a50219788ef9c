"""Grouped-query attention of one sequence over its KV slot, by torch's own kernel or by plain products.

A step is cut into pieces: queries that look at the same keys. Pieces of a prompt are aligned blocks of queries,
pieces of an answer end at aligned keys; so a token's result depends on its position alone, not on how the prompt
was cut or how many drafted tokens stand beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from llama_assist.engine.config import LlamaConfig

BLOCK = 16  # queries of a prompt that share one call; ends of keys are multiples of it
LONG = 256  # keys from which two products and a softmax beat torch's kernel, measured


@dataclass(slots=True)
class Piece:
    """Rows `first:last` of the padded queries, over keys `:end`; `mask` is additive, [group * rows, BLOCK or end]."""

    first: int
    last: int
    end: int
    mask: Tensor | None = None
    by_products: bool = False


@dataclass(slots=True)
class Pieces:
    """How the tokens of one sequence are cut; `before` and `behind` rows are added to fill the first and last block."""

    before: int
    behind: int
    pieces: list[Piece]


class Attention:
    """Cuts steps into pieces and attends to them.

    In bf16 on the CPU, keys lie transposed: [dim, length]. There torch's kernel takes two to three times as long as
    two products with a softmax between them, once the keys are many. The scores are rounded to bf16 on the way,
    as the keys are.
    """

    def __init__(self, config: LlamaConfig, like: Tensor) -> None:
        self._num_kv_heads = config.num_kv_heads
        self._group = config.num_heads // config.num_kv_heads
        self._head_dim = config.head_dim
        self._scale = config.head_dim**-0.5
        self._future = _future(like)
        self.keys_transposed = like.device.type == "cpu" and like.dtype == torch.bfloat16

    def cut_prompt(self, start: int, end: int) -> Pieces:
        """Cut prompt tokens at positions `start:end` into aligned blocks."""
        first, last = start // BLOCK * BLOCK, -(-end // BLOCK) * BLOCK
        places = range(first, last, BLOCK)
        blocks = [self._piece(place - first, place - first + BLOCK, place + BLOCK, 0) for place in places]
        return Pieces(start - first, last - end, blocks)

    def cut_answer(self, start: int, end: int) -> Pieces:
        """Cut generated tokens: one by one while the keys are few, then by the block in which their keys end."""
        pieces = []
        position = start
        while position < end:
            keys = (position // BLOCK + 1) * BLOCK
            if self._is_long(keys):
                last = min(end, keys)
                pieces.append(self._piece(position - start, last - start, keys, position % BLOCK))
                position = last
            else:
                pieces.append(Piece(position - start, position - start + 1, position + 1))
                position += 1
        return Pieces(0, 0, pieces)

    def attend(self, query: Tensor, keys: Tensor, values: Tensor, pieces: Pieces) -> Tensor:
        """Return [T, heads * dim] of `query` [T, heads, dim] over keys and values as the slot holds them."""
        if pieces.before or pieces.behind:
            query = F.pad(query, (0, 0, 0, 0, pieces.before, pieces.behind))
        grouped = query.view(len(query), self._num_kv_heads, self._group, self._head_dim).permute(1, 2, 0, 3)
        mixed = [self._attend_piece(grouped, keys, values, piece) for piece in pieces.pieces]
        joined = torch.cat(mixed) if len(mixed) > 1 else mixed[0]
        return joined[pieces.before : len(joined) - pieces.behind]

    def _attend_piece(self, grouped: Tensor, keys: Tensor, values: Tensor, piece: Piece) -> Tensor:
        """The group of heads that shares keys becomes the rows of one product."""
        num_rows = piece.last - piece.first
        rows = grouped[:, :, piece.first : piece.last].reshape(self._num_kv_heads, -1, self._head_dim)
        values = values[:, : piece.end]
        if piece.by_products and piece.mask is not None:
            mixed = self._by_products(rows, keys[:, :, : piece.end], values, piece.mask)
        else:
            mixed = self._by_kernel(rows, keys, values, piece)
        mixed = mixed.view(self._num_kv_heads, self._group, num_rows, self._head_dim)
        return mixed.permute(2, 0, 1, 3).reshape(num_rows, -1)

    def _by_products(self, rows: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
        scores = torch.bmm(rows * self._scale, keys)
        scores[:, :, -BLOCK:].add_(mask)
        return torch.bmm(torch.softmax(scores, dim=-1), values)

    def _by_kernel(self, rows: Tensor, keys: Tensor, values: Tensor, piece: Piece) -> Tensor:
        if self.keys_transposed:
            keys = keys.transpose(1, 2)
        keys = keys[:, : piece.end].contiguous()  # the kernel wants a key's numbers side by side
        return F.scaled_dot_product_attention(rows[None], keys[None], values[None], attn_mask=piece.mask)[0]

    def _piece(self, first: int, last: int, end: int, offset: int) -> Piece:
        """Return a piece whose rows stand at `offset` in the last block of their keys, with its mask."""
        mask = self._future[offset : offset + last - first].repeat(self._group, 1)
        by_products = self._is_long(end)
        return Piece(first, last, end, mask if by_products else F.pad(mask, (end - BLOCK, 0)), by_products)

    def _is_long(self, num_keys: int) -> bool:
        return self.keys_transposed and num_keys > LONG


def _future(like: Tensor) -> Tensor:
    """Additive mask [BLOCK, BLOCK] of a block of queries over its own keys."""
    return torch.full((BLOCK, BLOCK), float("-inf"), dtype=like.dtype, device=like.device).triu(1)
