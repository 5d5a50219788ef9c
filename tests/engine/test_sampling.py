"""From logits to tokens: greedy, by chance with a seed, and only from what the settings leave."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest
import torch
from torch import Tensor

from llama_assist.engine.sampling import Sampler
from llama_assist.types import SamplingParams

PROBABILITIES = (0.02, 0.4, 0.08, 0.3, 0.15, 0.05)


def logits_of(*probabilities: float) -> Tensor:
    return torch.tensor(probabilities).log()


def draws(num: int = 2000, **params: Any) -> Counter[int]:
    sampler = Sampler(SamplingParams(**{"temperature": 1.0, "seed": 1, **params}))
    logits = logits_of(*PROBABILITIES)
    return Counter(sampler.choose(logits).token_id for _ in range(num))


def test_without_temperature_the_most_probable_token_is_chosen() -> None:
    sampler = Sampler(SamplingParams(temperature=0.0))
    assert {sampler.choose(logits_of(*PROBABILITIES)).token_id for _ in range(20)} == {1}


def test_equal_logits_give_the_first_token() -> None:
    assert Sampler(SamplingParams()).choose(torch.zeros(9)).token_id == 0


def test_the_same_seed_gives_the_same_tokens() -> None:
    def run(seed: int) -> list[int]:
        sampler = Sampler(SamplingParams(temperature=1.0, seed=seed))
        return [sampler.choose(logits_of(*PROBABILITIES)).token_id for _ in range(50)]

    assert run(3) == run(3)
    assert run(3) != run(4)
    assert run(0) == run(0)


def test_without_a_seed_two_answers_differ() -> None:
    def run() -> list[int]:
        sampler = Sampler(SamplingParams(temperature=1.0))
        return [sampler.choose(torch.zeros(100)).token_id for _ in range(30)]

    assert run() != run()


def test_what_runs_beside_changes_no_draw() -> None:
    alone = Sampler(SamplingParams(temperature=1.0, seed=5))
    expected = [alone.choose(torch.zeros(50)).token_id for _ in range(20)]
    first, second = (Sampler(SamplingParams(temperature=1.0, seed=seed)) for seed in (5, 6))
    found = []
    for _ in range(20):
        second.choose(torch.zeros(50))
        torch.rand(3)
        found.append(first.choose(torch.zeros(50)).token_id)
    assert found == expected


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_draws_follow_the_distribution(temperature: float) -> None:
    num = 20_000
    weights = [probability ** (1 / temperature) for probability in PROBABILITIES]
    expected = [num * weight / sum(weights) for weight in weights]
    found = draws(num, temperature=temperature, seed=12)
    chi_square = sum((found[index] - count) ** 2 / count for index, count in enumerate(expected))
    assert chi_square < 20.5  # 99.9% of fair draws with 5 degrees of freedom are below


@pytest.mark.parametrize(
    ("params", "possible"),
    [
        ({"top_k": 1}, {1}),
        ({"top_k": 3}, {1, 3, 4}),
        ({"top_k": 100}, {0, 1, 2, 3, 4, 5}),
        ({"top_p": 0.0}, {1}),
        ({"top_p": 0.39}, {1}),
        ({"top_p": 0.41}, {1, 3}),
        ({"top_p": 0.75}, {1, 3, 4}),
        ({"min_p": 1.0}, {1}),
        ({"min_p": 0.3}, {1, 3, 4}),
        ({"min_p": 0.1}, {1, 2, 3, 4, 5}),
        ({"top_k": 4, "top_p": 0.75, "min_p": 0.5}, {1, 3}),
    ],
)
def test_only_the_head_of_the_distribution_is_drawn(params: dict[str, Any], possible: set[int]) -> None:
    assert set(draws(**params)) == possible


def test_a_banned_token_is_never_chosen() -> None:
    assert Sampler(SamplingParams(logit_bias={1: -1e9})).choose(logits_of(*PROBABILITIES)).token_id == 3
    assert 1 not in draws(logit_bias={1: -1e9})


def test_a_favoured_token_is_always_chosen() -> None:
    assert Sampler(SamplingParams(logit_bias={0: 100.0})).choose(logits_of(*PROBABILITIES)).token_id == 0


@pytest.mark.parametrize("token_id", [-1, 6, 10**9])
def test_a_bias_for_no_token_changes_nothing(token_id: int) -> None:
    assert Sampler(SamplingParams(logit_bias={token_id: 100.0})).choose(logits_of(*PROBABILITIES)).token_id == 1


def test_a_penalty_makes_what_was_said_less_likely() -> None:
    logits = torch.tensor([2.0, 1.9, -1.0, -1.1])
    sampler = Sampler(SamplingParams(repetition_penalty=1.5))
    assert [sampler.choose(logits).token_id for _ in range(3)] == [0, 1, 0]
    assert Sampler(SamplingParams(repetition_penalty=1.5), seen=[0]).choose(logits).token_id == 1
    negative = torch.tensor([-1.0, -1.1])
    assert Sampler(SamplingParams(repetition_penalty=1.5), seen=[0]).choose(negative).token_id == 1


def test_without_a_penalty_the_prompt_plays_no_role() -> None:
    assert Sampler(SamplingParams(), seen=[0]).choose(torch.tensor([2.0, 1.9])).token_id == 0


def test_log_probabilities_are_those_of_the_model() -> None:
    params = SamplingParams(temperature=0.3, logit_bias={2: 50.0}, repetition_penalty=1.3, logprobs=3)
    choice = Sampler(params, seen=[1]).choose(logits_of(*PROBABILITIES) + 7.0)
    assert choice.token_id == 2
    assert choice.logprob == pytest.approx(math.log(0.08), abs=1e-5)
    assert [token_id for token_id, _ in choice.top] == [1, 3, 4]
    assert [value for _, value in choice.top] == pytest.approx([math.log(p) for p in (0.4, 0.3, 0.15)], abs=1e-5)


@pytest.mark.parametrize(("logprobs", "num_top"), [(None, 0), (0, 0), (2, 2), (99, 6)])
def test_as_many_alternatives_are_reported_as_asked(logprobs: int | None, num_top: int) -> None:
    assert len(Sampler(SamplingParams(logprobs=logprobs)).choose(logits_of(*PROBABILITIES)).top) == num_top


def test_only_allowed_tokens_are_chosen() -> None:
    sampler = Sampler(SamplingParams())
    assert sampler.choose(logits_of(*PROBABILITIES), [0, 2, 5]).token_id == 2
    by_chance = Sampler(SamplingParams(temperature=5.0, seed=1))
    assert {by_chance.choose(logits_of(*PROBABILITIES), [0, 2]).token_id for _ in range(200)} == {0, 2}


def test_the_logits_are_left_as_they_are() -> None:
    logits = logits_of(*PROBABILITIES)
    before = logits.clone()
    Sampler(SamplingParams(repetition_penalty=2.0, logit_bias={0: 1.0}, temperature=0.5), seen=[1]).choose(logits, [1])
    assert torch.equal(logits, before)
