"""Prompts that clients render themselves are read back, and nothing of them can become a special token."""

from __future__ import annotations

import pytest

from llama_assist.types import Cell, Document
from llama_assist.wire import completion_request
from llama_assist.wire.rendered_fim import Rendered, Snippet, read_rendered

HOLE = Rendered("def f(x):\n    return ", "\n\nf(1)\n")
TEMPLATES = {
    "qwen": "<|fim_prefix|>{p}<|fim_suffix|>{s}<|fim_middle|>",
    "qwen suffix first": "<|fim_suffix|>{s}<|fim_prefix|>{p}<|fim_middle|>",
    "starcoder": "<fim_prefix>{p}<fim_suffix>{s}<fim_middle>",
    "santacoder": "<fim-prefix>{p}<fim-suffix>{s}<fim-middle>",
    "deepseek": "<｜fim▁begin｜>{p}<｜fim▁hole｜>{s}<｜fim▁end｜>",
    "code llama": "<PRE> {p} <SUF>{s} <MID>",
    "code llama as Twinny writes it": "<PRE> {p} <SUF> {s} <MID>",
    "codestral": "[SUFFIX]{s}[PREFIX]{p}",
}


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_every_template_is_read_back(template: str) -> None:
    assert read_rendered(template.format(p=HOLE.prefix, s=HOLE.suffix)) == HOLE


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_an_empty_prefix_and_suffix_are_read_back(template: str) -> None:
    assert read_rendered(template.format(p="", s="")) == Rendered("", "")


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "x = 1\n",
        "<|fim_prefix|>x",
        "<|fim_prefix|>x<|fim_suffix|>y",
        "<|fim_prefix|>x<|fim_middle|>",
        "<|fim_prefix|>x<|fim_suffix|>y<|fim_middle|>z",
        "x<|fim_middle|>",
        "print('[SUFFIX]', '[PREFIX]')",
        "<fim_prefix>x<|fim_suffix|>y<fim_middle>",
        "MARK = '<|file_sep|>'\n",
    ],
)
def test_other_text_is_no_such_prompt(prompt: str) -> None:
    assert read_rendered(prompt) is None


def test_marks_in_the_edited_text_stay_text() -> None:
    prefix = "MARKS = ['<|fim_prefix|>', '<|fim_middle|>']\nx = "
    found = read_rendered(f"<|fim_prefix|>{prefix}<|fim_suffix|>\n<|fim_middle|>")
    assert found == Rendered(prefix, "\n")


@pytest.mark.parametrize(
    ("first", "separator"), [("<|repo_name|>r\n", "<|file_sep|>"), ("<repo_name>r\n", "<file_sep>")]
)
def test_files_in_front_become_snippets(first: str, separator: str) -> None:
    head = f"{first}{separator}a/b.py\nx = 1\n{separator}no path here\n{separator}c.py\n"
    found = read_rendered(f"{head}<|fim_prefix|>y = <|fim_suffix|>\n<|fim_middle|>")
    assert found == Rendered("y = ", "\n", "c.py", (Snippet("x = 1\n", "a/b.py"), Snippet("no path here\n")))


def test_files_without_a_hole_end_with_the_text_to_go_on_from() -> None:
    assert read_rendered("<|file_sep|>a.py\nx = 1\n<|file_sep|>b.js\nlet y = ") == Rendered(
        "let y = ", "", "b.js", (Snippet("x = 1\n", "a.py"),)
    )


def test_text_in_front_of_the_marks_is_a_snippet() -> None:
    found = read_rendered("Context:\n\nx = 1\n<|fim_prefix|>y<|fim_suffix|>z<|fim_middle|>")
    assert found == Rendered("y", "z", "", (Snippet("Context:\n\nx = 1\n"),))


def test_such_a_prompt_of_an_openai_client_is_a_place_with_a_cursor() -> None:
    prompt = (
        "<|file_sep|>lib.ts\nconst a = 1;\n<|file_sep|>main.ts\n<|fim_prefix|>const b = <|fim_suffix|>;<|fim_middle|>"
    )
    request, _ = completion_request({"prompt": prompt, "n": 2, "max_tokens": 7})
    assert (request.prefix, request.suffix, request.raw, request.n) == ("const b = ", ";", False, 2)
    cells = (Cell("const a = 1;\n"), Cell("const b = ;"))
    assert request.document == Document(cells, 1, language="typescript")
    assert request.sampling.max_tokens == 7


def test_raw_leaves_it_as_it_is() -> None:
    prompt = "<|fim_prefix|>x<|fim_suffix|>y<|fim_middle|>"
    request, _ = completion_request({"prompt": prompt, "raw": True})
    assert (request.prefix, request.raw) == (prompt, True)
