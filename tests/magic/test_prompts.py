"""What the model is told in the end: the body that a magic sends, made a prompt as the server does."""

from __future__ import annotations

import re

import pytest
from magic_kernel import Kernel, kernel, server

from llama_assist import wire
from llama_assist.context.retrieve import Retriever
from llama_assist.tasks import make_plan

__all__ = ["kernel", "server"]


def count(text: str) -> int:
    return len(re.findall(r"\w+|[^\w\s]|\n+", text))


def prompt(kernel: Kernel) -> str:
    """Return the user's side of the prompt that the last body becomes."""
    request, _ = wire.task_request(kernel.server.requests[-1].body)
    return make_plan(request, 4096, count, Retriever()).messages[-1].content


def test_a_fix_is_asked_with_the_line_that_failed_what_defines_its_names_and_schemas(kernel: Kernel) -> None:
    kernel.run("unrelated = 1")
    kernel.run("import json\n\ndef half(text):\n    return json.loads(text) / 2")
    kernel.run("numbers = ['4', '6', '{']")
    kernel.fail("first = half(numbers[0])\nsecond = half(numbers[2])")
    kernel.run("%llama fix")
    told = prompt(kernel)
    assert "Cell 3:\n```python\nimport json\n\ndef half(text):" in told
    assert "This is cell 5:\n```python\nfirst = half(numbers[0])" in told
    assert "Cell 4:\n```python\nnumbers = ['4', '6', '{']" in told
    assert "numbers: list" in told
    assert "JSONDecodeError" in told
    assert "half(numbers[2])" in told.partition("error:")[2]
    assert "unrelated" not in told
    assert "decoder.py" not in told


@pytest.mark.parametrize(
    ("wish", "rule"),
    [
        ("这个函数做什么？", "请用中文回答。"),
        ("What does it do?", ""),
        ("Was macht sie und warum?", "Antworte auf Deutsch."),
    ],
)
def test_the_prompt_follows_the_language_of_the_question(kernel: Kernel, wish: str, rule: str) -> None:
    kernel.run("def half(value):\n    return value / 2")
    kernel.run(f"%%llama explain half\n{wish}")
    assert f"{wish}\n\n{rule}".strip() == prompt(kernel)[-len(f"{wish}\n\n{rule}".strip()) :]
    kernel.run(f"%llama ask {wish} `half`")
    assert rule in prompt(kernel)


def test_cells_have_the_numbers_that_stand_beside_them(kernel: Kernel) -> None:
    kernel.run("x = 1")
    kernel.run("%llama status")
    kernel.run("y = x + 1")
    kernel.run("%llama explain 4")
    assert "Cell 2:\n```python\nx = 1" in prompt(kernel)
    assert "cell 4:\n```python\ny = x + 1" in prompt(kernel)
    kernel.run("%llama summarize")
    assert re.findall(r"Cell (\d+):", prompt(kernel)) == ["2", "4"]
