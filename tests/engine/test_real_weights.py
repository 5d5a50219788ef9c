"""On published weights, too: the text of transformers, and the same answer with and without the cache."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from engine_runs import CPU, end_of, forget, needs_exact_bf16, read_prompt, request, run_one, text_of, tiny_runner
from real_models import DEFAULT, SMALL, installed

from llama_assist.backends.tokenizer import PromptTokenizer
from llama_assist.checkpoint import Checkpoint
from llama_assist.engine.engine import Engine
from llama_assist.engine.messages import TokenOut
from llama_assist.engine.vocabulary import Vocabulary
from llama_assist.engine.weights import choose_prefill

pytestmark = pytest.mark.weights

PROMPTS = (
    "def fibonacci(n):\n",
    "import numpy as np\n\ndef softmax(x):\n",
    "class Stack:\n    def __init__(self):\n",
    "# Read a CSV file and show its first rows\nimport pandas as pd\n",
    "for i in range(10):\n    print(",
    "SELECT name, COUNT(*) FROM",
    "The capital of France is",
    "def is_prime(number: int) -> bool:\n    ",
    "try:\n    value = int(text)\nexcept",
    "import matplotlib.pyplot as plt\nplt.",
    "async def fetch(url):\n",
    "words = sorted(set(text.split()), key=",
    "with open('data.json') as file:\n    data =",
    "assert sorted([3, 1, 2]) ==",
    "def größe(länge, breite):\n    return",
    "from dataclasses import dataclass\n\n@dataclass\nclass Point:\n",
    "Once upon a time",
    "x = {'a': 1, 'b': 2}\nfor key, value in",
    "if __name__ == '__main__':\n",
    "def test_addition():\n    assert",
)
CODE = "def load(path, limit=10):\n    frame = pd.read_csv(path)\n    for name in frame.columns:\n        print(name)\n"
EDITS = ("x", " ", "\n    ", "value", " = ", "(", "é", "frame.", "0", "  # why")
NUM_EDITS = 200


def expected_ids(checkpoint: Checkpoint, prompts: list[list[int]], num_tokens: int) -> list[list[int]]:
    """What transformers' own generation says."""
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(checkpoint.path, dtype=torch.float32, local_files_only=True)
    found = []
    for ids in prompts:
        tokens = torch.tensor([ids])
        output = model.generate(
            tokens,
            attention_mask=torch.ones_like(tokens),
            max_new_tokens=num_tokens,
            do_sample=False,
            pad_token_id=checkpoint.config["eos_token_id"][0],
        )
        found.append(output[0, len(ids) :].tolist())
    return found


def without_end(ids: list[int], end_ids: frozenset[int]) -> list[int]:
    places = [place for place, token_id in enumerate(ids) if token_id in end_ids]
    return ids[: places[0]] if places else ids


@pytest.mark.parametrize("model", [SMALL, DEFAULT])
def test_greedy_text_is_that_of_transformers(model: str) -> None:
    checkpoint = installed(model)
    tokenizer = PromptTokenizer(checkpoint.tokenizer_path)
    prompts = [list(tokenizer.encode(prompt)) for prompt in PROMPTS]
    end_ids = frozenset(checkpoint.config["eos_token_id"])
    expected = expected_ids(checkpoint, prompts, 20)
    runner = tiny_runner(checkpoint, "float32", length=256)
    engine = Engine(runner, Vocabulary.from_file(checkpoint.tokenizer_path), 1)
    for number, ids in enumerate(prompts):
        events = run_one(engine, request(str(number), ids, 20, stop_ids=end_ids))
        found = [event.choice.token_id for event in events if isinstance(event, TokenOut)]
        assert found == without_end(expected[number], end_ids), PROMPTS[number]


@pytest.mark.parametrize("weights", ["bf16", "int4"])
@pytest.mark.parametrize("model", [SMALL, DEFAULT])
def test_however_a_real_prompt_is_cut_every_bit_is_the_same(model: str, weights: str) -> None:
    needs_exact_bf16(weights)
    checkpoint = installed(model)
    runner = tiny_runner(checkpoint, weights, fast_prefill=False, length=256)
    ids = list(PromptTokenizer(checkpoint.tokenizer_path).encode(CODE * 4))[:100]
    slots = [runner.new_slot(), runner.new_slot()]
    wanted = read_prompt(runner, slots[0], ids, 0)
    for cuts in ([1], [99], [16, 32], [7, 8, 50]):
        for start, end in zip([0, *cuts], [*cuts, len(ids)], strict=True):
            logits = read_prompt(runner, slots[1], ids[start:end], start)
        assert torch.equal(logits, wanted), cuts
        for mine, theirs in zip(slots[0].entries(len(ids)), slots[1].entries(len(ids)), strict=True):
            assert torch.equal(mine, theirs)


def edit(text: str, rng: random.Random) -> str:
    """Type, delete or insert a little, most often at the end."""
    place = len(text) if rng.random() < 0.5 else rng.randrange(len(text) + 1)
    edited = text[:place] + rng.choice(EDITS) + text[place + rng.choice([0, 0, 1, 5]) :]
    return edited if len(edited) < 260 else CODE


def test_after_many_edits_the_cached_answer_is_the_fresh_one() -> None:
    checkpoint = installed(DEFAULT)
    tokenizer, vocabulary = PromptTokenizer(checkpoint.tokenizer_path), Vocabulary.from_file(checkpoint.tokenizer_path)
    runner = tiny_runner(checkpoint, "int4", fast_prefill=choose_prefill(True, CPU), length=256)
    cached, fresh = Engine(runner, vocabulary, 2), Engine(runner, vocabulary, 1)
    rng = random.Random(5)
    text, saved = CODE, 0
    for number in range(NUM_EDITS):
        text = edit(text, rng)
        order = request(str(number), tokenizer.encode(text), 8)
        events = run_one(cached, order)
        assert text_of(events) == text_of(run_one(forget(fresh), order)), text
        saved += end_of(events).usage.cached_tokens
    assert saved > 20 * NUM_EDITS
