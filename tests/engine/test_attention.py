"""Attention by plain products says what torch's kernel says, and a token's share never depends on its neighbours."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from llama_assist.checkpoint import Checkpoint
from llama_assist.engine.attention import BLOCK, LONG, Attention
from llama_assist.engine.config import LlamaConfig, read_config

LENGTH = 640


@pytest.fixture
def config(tiny_checkpoint: Checkpoint) -> LlamaConfig:
    return read_config(tiny_checkpoint.config)


def numbers(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape))).bfloat16()


def cache(config: LlamaConfig) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, and keys and values as a slot of bf16 on the CPU holds them."""
    heads = numbers(LENGTH, config.num_heads, config.head_dim)
    keys = numbers(config.num_kv_heads, config.head_dim, LENGTH)
    return heads, keys, numbers(config.num_kv_heads, LENGTH, config.head_dim)


def expected(config: LlamaConfig, query: Tensor, keys: Tensor, values: Tensor, start: int) -> Tensor:
    """Causal attention in float64, head by head."""
    group = config.num_heads // config.num_kv_heads
    found = []
    for position, row in enumerate(query, start):
        seen = slice(0, position + 1)
        heads = []
        for head, vector in enumerate(row.double()):
            scores = vector @ keys[head // group, :, seen].double() * config.head_dim**-0.5
            heads.append(scores.softmax(0) @ values[head // group, seen].double())
        found.append(torch.cat(heads))
    return torch.stack(found)


@pytest.mark.parametrize("start", [40, LONG + 5, 600])
def test_prompts_and_answers_see_what_lies_before_them(config: LlamaConfig, start: int) -> None:
    heads, keys, values = cache(config)
    attention = Attention(config, heads)
    query = heads[start : start + 21]
    for cut in (attention.cut_prompt, attention.cut_answer):
        found = attention.attend(query, keys, values, cut(start, start + 21))
        torch.testing.assert_close(found.double(), expected(config, query, keys, values, start), rtol=0.05, atol=0.03)


@pytest.mark.parametrize("start", [30, LONG - 3, LONG + 1, 500, 511])
def test_a_drafted_token_gets_what_it_would_get_alone(config: LlamaConfig, start: int) -> None:
    heads, keys, values = cache(config)
    attention = Attention(config, heads)
    together = attention.attend(heads[start : start + 4], keys, values, attention.cut_answer(start, start + 4))
    for row in range(4):
        place = start + row
        alone = attention.attend(heads[place : place + 1], keys, values, attention.cut_answer(place, place + 1))
        assert torch.equal(alone[0], together[row])


def test_what_lies_behind_a_token_changes_nothing(config: LlamaConfig) -> None:
    heads, keys, values = cache(config)
    attention = Attention(config, heads)
    start = LONG + BLOCK + 3
    pieces = attention.cut_answer(start, start + 1)
    before = attention.attend(heads[start : start + 1], keys, values, pieces)
    keys[:, :, start + 1 :] = 100.0
    values[:, start + 1 :] = 100.0
    assert torch.equal(attention.attend(heads[start : start + 1], keys, values, pieces), before)


def test_float_keys_keep_their_order(config: LlamaConfig) -> None:
    assert not Attention(config, torch.zeros(1)).keys_transposed
    assert Attention(config, torch.zeros(1, dtype=torch.bfloat16)).keys_transposed
