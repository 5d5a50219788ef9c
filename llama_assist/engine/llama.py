"""The network of the LLaMA family: token ids and a KV slot in, hidden states and logits out.

One sequence at a time, every tensor [tokens, features]. Prompt tokens go through `Projection.prefill`,
generated ones through `Projection.decode`; attention of a prompt runs over aligned blocks of queries, so that
a token's result does not depend on how the prompt was cut (bitwise equal with and without a cached prefix).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from llama_assist.engine.config import LlamaConfig
from llama_assist.engine.kv_cache import LlamaSlot
from llama_assist.engine.quantize import Int8Linear, Linear
from llama_assist.engine.rope import rope_tables

BLOCK = 16  # queries that share one attention call; prompts are padded to it


@dataclass(slots=True)
class Projection:
    """The same weights twice: a form that is fast for many tokens, and one that is fast for a few."""

    prefill: Linear
    decode: Linear


@dataclass(slots=True)
class Layer:
    """Weights of one transformer block; q, k, v are one matrix, gate and up another."""

    attention_norm: Tensor
    qkv: Projection
    query_norm: Tensor | None
    key_norm: Tensor | None
    output: Projection
    mlp_norm: Tensor
    gate_up: Projection
    down: Projection


@dataclass(slots=True)
class Span:
    """Where the tokens of one forward pass stand in the sequence, and what all layers share."""

    start: int
    end: int
    is_prefill: bool
    cos: Tensor
    sin: Tensor
    masks: list[Tensor]


class Llama:
    """Embedding, blocks, norm and head over weights that `weights.py` has prepared."""

    def __init__(
        self,
        config: LlamaConfig,
        embedding: Tensor | Int8Linear,
        layers: list[Layer],
        norm: Tensor,
        head: Linear,
        length: int,
    ) -> None:
        self.config = config
        self.embedding = embedding
        self.layers = layers
        self.norm = norm
        self.head = head
        self.length = length
        self.cos, self.sin = (table.to(norm.dtype) for table in rope_tables(config, length, norm.device))
        self._block_mask = _causal_block(config.num_heads // config.num_kv_heads, norm)

    def forward(self, token_ids: Tensor, slot: LlamaSlot, start: int, *, is_prefill: bool) -> Tensor:
        """Write keys and values of `token_ids` [T] at `start` into the slot; return hidden states [T, hidden]."""
        end = start + len(token_ids)
        masks = self._masks(start, end) if is_prefill else []
        span = Span(start, end, is_prefill, self.cos[start:end, None], self.sin[start:end, None], masks)
        x = self.embed(token_ids)
        for index, layer in enumerate(self.layers):
            x = x + self._attention(layer, self._norm(x, layer.attention_norm), slot, index, span)
            x = x + self._mlp(layer, self._norm(x, layer.mlp_norm), span)
        return x

    def embed(self, token_ids: Tensor) -> Tensor:
        """Look tokens up: [T] to [T, hidden]."""
        if isinstance(self.embedding, Int8Linear):
            return self.embedding.rows(token_ids)
        return self.embedding[token_ids]

    def logits(self, hidden: Tensor) -> Tensor:
        """Return float32 logits [T, vocabulary] of hidden states [T, hidden]."""
        return self.head(self._norm(hidden, self.norm)).float()

    def _norm(self, x: Tensor, weight: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), weight, self.config.norm_eps)

    def _mlp(self, layer: Layer, x: Tensor, span: Span) -> Tensor:
        gate, up = _apply(layer.gate_up, x, span).chunk(2, dim=-1)
        return _apply(layer.down, F.silu(gate) * up, span)

    def _attention(self, layer: Layer, x: Tensor, slot: LlamaSlot, index: int, span: Span) -> Tensor:
        query, key, value = self._heads(layer, x, span)
        keys, values = slot.keys[index], slot.values[index]
        keys[:, span.start : span.end] = key.transpose(0, 1)
        values[:, span.start : span.end] = value.transpose(0, 1)
        attend = self._attend_blocks if span.is_prefill else self._attend_rows
        return _apply(layer.output, attend(query, keys, values, span), span)

    def _heads(self, layer: Layer, x: Tensor, span: Span) -> tuple[Tensor, Tensor, Tensor]:
        """Project to queries [T, heads, dim], keys and values [T, kv_heads, dim], with positions turned in."""
        config = self.config
        heads = _apply(layer.qkv, x, span).view(len(x), -1, config.head_dim)
        turned, value = torch.split(heads, [config.num_heads + config.num_kv_heads, config.num_kv_heads], dim=1)
        if layer.query_norm is not None and layer.key_norm is not None:
            query, key = torch.split(turned, [config.num_heads, config.num_kv_heads], dim=1)
            turned = torch.cat([self._norm(query, layer.query_norm), self._norm(key, layer.key_norm)], dim=1)
        turned = turned * span.cos + turned.roll(config.head_dim // 2, -1) * span.sin
        query, key = torch.split(turned, [config.num_heads, config.num_kv_heads], dim=1)
        return query, key, value

    def _attend_rows(self, query: Tensor, keys: Tensor, values: Tensor, span: Span) -> Tensor:
        """Each query over its own keys, so that a drafted token gets what it would get in a step of its own.

        The group of heads that shares keys becomes the rows of one product.
        """
        grouped = query.reshape(len(query), 1, self.config.num_kv_heads, -1, self.config.head_dim)
        mixed = [
            F.scaled_dot_product_attention(row, keys[None, :, :end], values[None, :, :end])
            for end, row in enumerate(grouped, span.start + 1)
        ]
        return torch.cat(mixed).reshape(len(query), -1)

    def _attend_blocks(self, query: Tensor, keys: Tensor, values: Tensor, span: Span) -> Tensor:
        """Causal attention in aligned blocks of queries; rows outside `start:end` are computed and dropped."""
        first, last = span.start // BLOCK * BLOCK, -(-span.end // BLOCK) * BLOCK
        padded = F.pad(query, (0, 0, 0, 0, span.start - first, last - span.end))
        grouped = padded.view(last - first, self.config.num_kv_heads, -1, self.config.head_dim).permute(1, 2, 0, 3)
        blocks = torch.split(grouped, BLOCK, dim=2)
        mixed = [self._attend_block(block, keys, values, mask) for block, mask in zip(blocks, span.masks, strict=True)]
        return torch.cat(mixed)[span.start - first : span.end - first]

    def _attend_block(self, block: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
        """Attend one block [kv_heads, group, BLOCK, dim] over the keys that its mask covers; [BLOCK, heads * dim]."""
        end = mask.shape[1]
        rows = block.reshape(1, self.config.num_kv_heads, -1, self.config.head_dim)
        mixed = F.scaled_dot_product_attention(rows, keys[None, :, :end], values[None, :, :end], attn_mask=mask)
        return mixed.view(*block.shape).permute(2, 0, 1, 3).reshape(BLOCK, -1)

    def _masks(self, start: int, end: int) -> list[Tensor]:
        """Return the additive mask [group * BLOCK, keys] of each aligned block that holds `start:end`."""
        return [F.pad(self._block_mask, (position, 0)) for position in range(start // BLOCK * BLOCK, end, BLOCK)]


def _apply(projection: Projection, x: Tensor, span: Span) -> Tensor:
    return projection.prefill(x) if span.is_prefill else projection.decode(x)


def _causal_block(group: int, like: Tensor) -> Tensor:
    """Additive mask [group * BLOCK, BLOCK] of a block over its own keys."""
    mask = torch.full((BLOCK, BLOCK), float("-inf"), dtype=like.dtype, device=like.device).triu(1)
    return mask.repeat(group, 1)
