"""The bodies of other servers' clients: what they mean here, and what is refused by name."""

from __future__ import annotations

import pytest

from llama_assist.errors import InvalidRequestError
from llama_assist.types import ChatRequest, CompletionRequest
from llama_assist.wire import Asked, Limits, llama_cpp, ollama, tabby
from llama_assist.wire.language import language_of
from llama_assist.wire.mistral import fim


def completion(asked: Asked) -> CompletionRequest:
    assert isinstance(asked.request, CompletionRequest)
    return asked.request


@pytest.mark.parametrize(("bound", "tokens"), [(None, 256), (-1, 256), (-2, 256), (5, 5)])
def test_a_bound_of_none_leaves_the_length_to_us(bound: int | None, tokens: int) -> None:
    assert completion(llama_cpp.infill({"prompt": "x", "n_predict": bound})).sampling.max_tokens == tokens
    request = completion(ollama.generate({"prompt": "x", "raw": True, "options": {"num_predict": bound}}))
    assert request.sampling.max_tokens == tokens


def test_limits_are_those_of_the_body() -> None:
    asked = llama_cpp.infill({"prompt": "x", "n_indent": 4, "t_max_predict_ms": 250})
    assert asked.limits == Limits(4, 250.0)
    for unset in (0, -1, None):
        assert llama_cpp.infill({"prompt": "x", "t_max_predict_ms": unset}).limits == Limits()


def test_samplers_that_only_llama_cpp_has_leave_the_choice_greedy() -> None:
    request = completion(llama_cpp.infill({"prompt": "x", "samplers": ["top_k", "infill"], "top_k": 40, "seed": -1}))
    assert (request.sampling.temperature, request.sampling.top_k, request.sampling.seed) == (0.0, 40, None)


def test_a_document_of_a_client_has_no_path_so_that_no_request_takes_anothers_place() -> None:
    request = completion(tabby.completion({"segments": {"prefix": "let x = ", "filepath": "a.ts"}}))
    assert request.document is not None
    assert (request.document.path, request.document.language) == ("", "typescript")


@pytest.mark.parametrize("key", ["max_tokens", "max_completion_tokens"])
def test_a_mistral_prompt_without_suffix_is_at_the_end_of_the_file(key: str) -> None:
    request = completion(fim({"prompt": "x = ", key: 3}))
    assert (request.prefix, request.suffix, request.raw, request.sampling.max_tokens) == ("x = ", "", False, 3)


def test_an_empty_suffix_of_ollamas_clients_is_none() -> None:
    assert isinstance(ollama.generate({"prompt": "x", "suffix": ""}).request, ChatRequest)
    assert completion(ollama.generate({"prompt": "", "suffix": "y"})).suffix == "y"
    assert ollama.generate({"prompt": "", "suffix": ""}).request is None


def test_ollama_streams_unless_told_not_to() -> None:
    assert ollama.generate({"prompt": "x"}).delivery.stream
    assert not ollama.chat({"messages": [], "stream": False}).delivery.stream


@pytest.mark.parametrize(
    ("read", "body", "param"),
    [
        (llama_cpp.infill, {"input_prefix": 3}, "input_prefix"),
        (llama_cpp.infill, {"input_extra": [{"text": 3}]}, "input_extra[0].text"),
        (llama_cpp.infill, {"n_cmpl": 99}, "n_cmpl"),
        (llama_cpp.completion, {"prompt": [1, 2]}, "prompt"),
        (fim, {"suffix": "x"}, "prompt"),
        (tabby.completion, {"segments": {"suffix": "x"}}, "segments.prefix"),
        (tabby.completion, {"segments": []}, "segments"),
        (ollama.generate, {"prompt": "x", "options": {"stop": [1]}}, "options.stop[0]"),
        (ollama.chat, {"messages": [{"role": "user"}]}, "messages[0].content"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(read, body, param) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read(body)
    assert caught.value.param == param


PYTHON = "import os\n\n\ndef f(x):\n    if x:\n        return os.getcwd()\n"
OTHERS = {
    "c": '#include <stdio.h>\nint main(void) {\n    printf("");\n',
    "javascript": "function f(a) {\n  const b = a;\n  return b;\n}\n",
    "rust": "fn main() {\n    let x = 5;\n",
    "go": "package main\n\nfunc main() {\n\tx := 1\n",
    "lua": "local M = {}\nfunction M.f(a)\n  if a then\n    return a\n  end\nend\n",
    "html": "<html>\n<body>\n<p>Hi</p>\n",
}


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_text_of_another_language_is_not_judged_as_python(text: str) -> None:
    assert language_of("", "", text) == "text"


@pytest.mark.parametrize("text", ["", "x = ", PYTHON, PYTHON + "class A:\n    y = [\n", PYTHON[20:]])
def test_text_of_which_nothing_is_known_is_python(text: str) -> None:
    assert language_of("", "", text) == "python"


@pytest.mark.parametrize(
    ("path", "name", "language"),
    [
        ("a/b.py", "", "python"),
        ("a\\b.TS", "", "typescript"),
        ("a.rs", "", "text"),
        ("Makefile", "", "python"),
        ("a.py", "typescriptreact", "tsx"),
        ("", "cpp", "cpp"),
        ("", "jupyter", "python"),
    ],
)
def test_the_language_is_the_clients_word_or_that_of_the_path(path: str, name: str, language: str) -> None:
    assert language_of(path, name, PYTHON) == language
