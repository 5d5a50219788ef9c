"""A question in one line reaches the magic, and no other line of any cell changes."""

from __future__ import annotations

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from llama_assist.magic.lines import keep_questions


def transformed(cell: str) -> str:
    manager = TransformerManager()
    manager.cleanup_transforms.append(keep_questions)
    return str(manager.transform_cell(cell))


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("%llama ask Why?", "get_ipython().run_line_magic('llama', 'ask Why?')\n"),
        ("%llama ask What's {x}?  \n", "get_ipython().run_line_magic('llama', \"ask What's {x}?\")\n"),
        ("# why\n%llama ask Why?\nx = 1\n", "# why\nget_ipython().run_line_magic('llama', 'ask Why?')\nx = 1\n"),
        ("%llama ask 为什么？ why??", "get_ipython().run_line_magic('llama', 'ask 为什么？ why??')\n"),
    ],
)
def test_a_question_is_kept(cell: str, python: str) -> None:
    assert transformed(cell) == python


@pytest.mark.parametrize(
    "cell",
    [
        "%llama?",
        "%llama??",
        "%llama explain total",
        "%llamas ask Why?",
        "%time x = 1",
        "x?",
        "text = '''\n%llama ask Why?\n'''\n",
        "%%llama\n%llama ask Why?\n",
        "%%time\n%llama explain x\n",
        "",
        "\n",
    ],
)
def test_everything_else_is_as_without_us(cell: str) -> None:
    assert transformed(cell) == TransformerManager().transform_cell(cell)
