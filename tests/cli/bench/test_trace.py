"""Recorded typing: read with care, and replayed as an editor would send it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from llama_assist.cli.bench.llama_cpp import plain_prompt
from llama_assist.cli.bench.trace import Keystroke, read_trace
from llama_assist.errors import InvalidRequestError
from llama_assist.prompt.fim import FimForm

CONTEXT = "import numpy as np\n\ndef mean(values):\n    total = sum(values)\n\n    return total\n\n\nvalues = [1]\n\n"
KEY = Keystroke("0", CONTEXT, "mean = ", "\nprint(mean)")


def test_a_trace_is_read(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    item = {"seq": 0, "context": CONTEXT, "prefix": "mean = ", "suffix": "\nprint(mean)", "typed": 3}
    path.write_text(json.dumps([item]), encoding="utf-8")
    assert read_trace(path) == [KEY]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no JSON"),
        ("[]", "holds no requests"),
        ("{}", "must be an array"),
        ('[{"seq": 1}]', "context is missing"),
    ],
)
def test_a_broken_trace_is_refused(content: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InvalidRequestError, match=said):
        read_trace(path)


def test_paragraphs_of_the_context_become_cells() -> None:
    document = KEY.request(16).document
    assert document is not None
    assert [cell.source.splitlines()[0] for cell in document.cells] == [
        "import numpy as np",
        "def mean(values):",
        "values = [1]",
        "mean = ",
    ]
    assert "return total" in document.cells[1].source
    assert document.cell == 3
    assert document.cells[3].source == "mean = \nprint(mean)"


def test_keys_of_one_sequence_belong_to_one_document() -> None:
    later = Keystroke("0", CONTEXT, "mean = m", "\nprint(mean)")
    other = Keystroke("1", CONTEXT, "mean = m", "\nprint(mean)")
    paths = [key.request(16).document.path for key in (KEY, later, other)]  # type: ignore[union-attr]
    assert paths[0] == paths[1] != paths[2]


def test_the_rival_gets_the_plain_order_and_user_text_makes_no_marks() -> None:
    form = FimForm("psm", "<P>", "<S>", "<M>")
    key = Keystroke("0", "a = '<M>'\n", "b", "c")
    assert plain_prompt(key, form) == [
        ("<P>", True),
        ("a = '<M>'\nb", False),
        ("<S>", True),
        ("c", False),
        ("<M>", True),
    ]


def test_a_model_without_a_form_gets_the_prefix_alone() -> None:
    assert plain_prompt(KEY, FimForm("none")) == [(CONTEXT + "mean = ", False)]
