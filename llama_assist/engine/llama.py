"""The network of the LLaMA family: token ids and KV slots in, hidden states and logits out.

The tokens of several sequences stand one behind the other, every tensor [tokens, features]: linear layers run over
all of them, attention over each sequence. A token's result does not depend on what is read beside it, nor on how
its prompt was cut (bitwise equal alone and in a batch, with and without a cached prefix).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from llama_assist.engine.attention import Attention, Pieces
from llama_assist.engine.config import LlamaConfig
from llama_assist.engine.kv_cache import LlamaSlot
from llama_assist.engine.quantize import DenseLinear, Int8Linear, Linear
from llama_assist.engine.rope import rope_tables

ROWS = 4  # rows of float products are filled up to multiples of this


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
    """`num_tokens` tokens of one sequence in a forward pass, the first at position `start` of its slot."""

    slot: LlamaSlot
    start: int
    num_tokens: int
    is_prompt: bool


@dataclass(slots=True)
class Pass:
    """What all layers share: which weights, the turns of all positions, and how each sequence attends."""

    is_prefill: bool
    cos: Tensor
    sin: Tensor
    spans: Sequence[Span]
    pieces: list[Pieces]
    lengths: list[int]


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
        self.attention = Attention(config, norm)
        self.is_shared = all(layer.qkv.prefill is layer.qkv.decode for layer in layers)
        self._decodes_dense = any(isinstance(layer.qkv.decode, DenseLinear) for layer in layers)

    def forward(self, token_ids: Tensor, spans: Sequence[Span], *, is_prefill: bool) -> Tensor:
        """Write keys and values of `token_ids` [T] into the slots of `spans`; return hidden states [T, hidden].

        Rows are filled up with copies of the last: torch multiplies single rows, and those left over of its blocks,
        by other routines, and a row's result would depend on what stands beside it.
        """
        num_tokens = len(token_ids)
        if is_prefill or self._decodes_dense:
            token_ids = F.pad(token_ids[None], (0, -num_tokens % ROWS), mode="replicate")[0]
        shared = self._prepare(spans, len(token_ids), is_prefill=is_prefill)
        x = self.embed(token_ids)
        for index, layer in enumerate(self.layers):
            x = x + self._attention(layer, self._norm(x, layer.attention_norm), index, shared)
            x = x + self._mlp(layer, self._norm(x, layer.mlp_norm), shared)
        return x[:num_tokens]

    def _prepare(self, spans: Sequence[Span], num_rows: int, *, is_prefill: bool) -> Pass:
        attention = self.attention
        pieces = []
        for span in spans:
            cut = attention.cut_prompt if span.is_prompt else attention.cut_answer
            pieces.append(cut(span.start, span.start + span.num_tokens))
        lengths = [span.num_tokens for span in spans]
        spare = num_rows - sum(lengths)
        ranges = [torch.arange(span.start, span.start + span.num_tokens) for span in spans]
        positions = torch.cat([*ranges, torch.zeros(spare, dtype=torch.int64)]).to(self.cos.device)
        cos, sin = self.cos[positions, None], self.sin[positions, None]
        return Pass(is_prefill, cos, sin, spans, pieces, [*lengths, spare])

    def embed(self, token_ids: Tensor) -> Tensor:
        """Look tokens up: [T] to [T, hidden]."""
        if isinstance(self.embedding, Int8Linear):
            return self.embedding.rows(token_ids)
        return self.embedding[token_ids]

    def logits(self, hidden: Tensor) -> Tensor:
        """Return float32 logits [T, vocabulary] of hidden states [T, hidden]."""
        num_rows = len(hidden)
        if isinstance(self.head, DenseLinear):
            hidden = torch.cat([hidden, hidden[-1:].expand(-num_rows % ROWS, -1)])
        return self.head(self._norm(hidden, self.norm))[:num_rows].float()

    def _norm(self, x: Tensor, weight: Tensor) -> Tensor:
        return F.rms_norm(x, (x.shape[-1],), weight, self.config.norm_eps)

    def _mlp(self, layer: Layer, x: Tensor, shared: Pass) -> Tensor:
        gate, up = _apply(layer.gate_up, x, shared).chunk(2, dim=-1)
        return _apply(layer.down, F.silu(gate) * up, shared)

    def _attention(self, layer: Layer, x: Tensor, index: int, shared: Pass) -> Tensor:
        parts = (torch.split(part, shared.lengths) for part in self._heads(layer, x, shared))
        mixed = []
        for span, pieces, query, key, value in zip(shared.spans, shared.pieces, *parts):  # noqa: B905 - spare rows
            span.slot.write(index, span.start, key, value)
            mixed.append(self.attention.attend(query, span.slot.keys[index], span.slot.values[index], pieces))
        if shared.lengths[-1]:
            mixed.append(x.new_zeros(shared.lengths[-1], mixed[0].shape[1]))
        return _apply(layer.output, torch.cat(mixed) if len(mixed) > 1 else mixed[0], shared)

    def _heads(self, layer: Layer, x: Tensor, shared: Pass) -> tuple[Tensor, Tensor, Tensor]:
        """Project to queries [T, heads, dim], keys and values [T, kv_heads, dim], with positions turned in."""
        config = self.config
        heads = _apply(layer.qkv, x, shared).view(len(x), -1, config.head_dim)
        turned, value = torch.split(heads, [config.num_heads + config.num_kv_heads, config.num_kv_heads], dim=1)
        if layer.query_norm is not None and layer.key_norm is not None:
            query, key = torch.split(turned, [config.num_heads, config.num_kv_heads], dim=1)
            turned = torch.cat([self._norm(query, layer.query_norm), self._norm(key, layer.key_norm)], dim=1)
        turned = turned * shared.cos + turned.roll(config.head_dim // 2, -1) * shared.sin
        query, key = torch.split(turned, [config.num_heads, config.num_kv_heads], dim=1)
        return query, key, value


def _apply(projection: Projection, x: Tensor, shared: Pass) -> Tensor:
    return projection.prefill(x) if shared.is_prefill else projection.decode(x)
