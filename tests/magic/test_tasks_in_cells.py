"""The tasks of the magics in a real kernel: what each sends, what it shows, and what it offers as the next cell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jupyter_core.utils import run_sync
from magic_kernel import Kernel, kernel, server, shown, words
from sse_server import DONE, Script, answer, delta, event

from llama_assist import wire

__all__ = ["kernel", "server"]

CODE = "Here:\n\n```python\nx = 2\n```\n"
FAILING = "def half(n):\n    return n / 0\n\nhalf(total)"


def proposal(text: str, code: str | None, **details: object) -> list[bytes]:
    """Return the blocks of an answer to a task whose code is `code`."""
    found = None if code is None else {"text": code, "language": "python", "parses": True, "action": "insert"}
    last = event({"model": "tiny", "choices": [], "llama_assist": {"code": found, "cells": [], **details}})
    return [*answer(text)[:-1], last, DONE]


def last_body(kernel: Kernel) -> dict[str, Any]:
    """Return what arrived last, if the real server would take it."""
    request = kernel.server.requests[-1]
    if request.path.endswith("/tasks"):
        wire.task_request(request.body)
    return request.body  # type: ignore[no-any-return]


def focus(body: dict[str, Any]) -> str:
    document = body["document"]
    return str(document["cells"][document["cell"]]["source"])


@pytest.mark.parametrize(
    ("word", "task"),
    [("explain", "explain"), ("doc", "document"), ("test", "test"), ("refactor", "refactor"), ("fix", "fix")],
)
def test_the_text_below_is_what_the_task_is_about(kernel: Kernel, word: str, task: str) -> None:
    kernel.run("total = 3")
    kernel.run(f"%%llama {word}\nvalues = {{'a': f'{{total}}'}}\n")
    body = last_body(kernel)
    assert body["task"] == task
    assert focus(body) == "values = {'a': f'{total}'}"
    assert body["document"]["cell"] == 2


def test_numbers_name_cells_and_the_text_below_is_a_wish(kernel: Kernel) -> None:
    kernel.run("total = 3")
    kernel.run("more = total + 1")
    kernel.run("rest = 0")
    output = shown(kernel.run("%%llama explain 2-3\nWhy {total} and {{}}?"))
    assert "explain of cells 2, 3" in output.data["text/plain"]
    body = last_body(kernel)
    assert focus(body) == "total = 3\n\nmore = total + 1"
    assert body["question"] == "Why 3 and {{}}?"
    assert [cell["source"] for cell in body["document"]["cells"]] == ["", "", focus(body), "rest = 0", ""]


def test_a_name_means_what_defines_it(kernel: Kernel) -> None:
    kernel.run("import math\n\ndef half(n):\n    return n / 2\n\nprint('unrelated')")
    kernel.run("total = half(3)")
    kernel.run("%llama explain half")
    assert focus(last_body(kernel)) == "import math\n\ndef half(n):\n    return n / 2"
    kernel.run("%llama explain total")
    assert focus(last_body(kernel)) == "total = half(3)"
    kernel.run("from textwrap import dedent")
    kernel.run("%llama explain dedent")
    assert focus(last_body(kernel)).startswith("def dedent(text):")


def test_without_a_name_the_last_cell_is_meant(kernel: Kernel) -> None:
    kernel.run("first = 1")
    kernel.run("second = 2")
    kernel.run("%llama status")
    output = shown(kernel.run("%llama explain"))
    assert focus(last_body(kernel)) == "second = 2"
    assert "explain of cell 3" in output.data["text/plain"]


def test_fix_sends_the_last_error_with_the_schemas_and_offers_a_cell(kernel: Kernel) -> None:
    fixed = "def half(n):\n    return n / 2\n\nhalf(total)"
    kernel.server.script = Script(proposal(f"```python\n{fixed}\n```", fixed))
    kernel.run("total = 3")
    kernel.fail(FAILING)
    kernel.run("other = 1")
    output = shown(kernel.run("%llama fix"))
    body = last_body(kernel)
    assert focus(body) == FAILING
    assert body["error"]["name"] == "ZeroDivisionError"
    assert "return n / 0" in body["error"]["traceback"]
    assert "interactiveshell" not in body["error"]["traceback"]
    assert {"name": "total", "type": "int"} in body["document"]["variables"]
    assert "outputs" not in json.dumps(body)
    assert kernel.offered == [fixed]
    assert "fix of cell 3" in output.data["text/plain"]
    kernel.run("assert 'n / 2' not in In[-2]")
    kernel.run("%llama fix")
    assert last_body(kernel)["avoid"] == kernel.offered[:1]


def test_the_variables_of_the_failing_line_go_along_first(kernel: Kernel) -> None:
    kernel.run("; ".join(f"v{number} = {number}" for number in range(30)))
    many = "\n".join(f"print(v{number})" for number in range(29))
    kernel.fail(f"{many}\nv29.missing")
    kernel.run("%llama fix")
    names = [variable["name"] for variable in last_body(kernel)["document"]["variables"]]
    assert names[:2] == ["v29", "v0"]
    assert len(names) == 20


def test_a_refused_fix_offers_nothing(kernel: Kernel) -> None:
    kernel.server.script = Script(proposal("No different fix was found.", None, refused=True))
    kernel.fail("1 / 0")
    kernel.run("%llama fix")
    assert kernel.offered == []


def test_an_error_from_before_the_extension_was_loaded_is_known(kernel: Kernel) -> None:
    kernel.run("%unload_ext llama_assist")
    kernel.fail("broken = {}['key']")
    kernel.run("%load_ext llama_assist")
    kernel.run("%llama fix")
    assert focus(last_body(kernel)) == "broken = {}['key']"
    assert last_body(kernel)["error"]["name"] == "KeyError"


def test_a_syntax_error_is_one_that_can_be_fixed(kernel: Kernel) -> None:
    kernel.fail("for x in [1, 2)\n    print(x)")
    kernel.run("%llama fix")
    assert last_body(kernel)["error"]["name"] == "SyntaxError"


def test_next_offers_its_code_and_code_does_so_for_any_answer(kernel: Kernel) -> None:
    kernel.run("x = 1")
    kernel.server.script = Script(proposal(CODE, "x = 2"))
    kernel.run("%%llama next\nTwice as much.")
    assert last_body(kernel)["question"] == "Twice as much."
    assert last_body(kernel)["document"]["cell"] == 1
    kernel.server.script = Script(answer(CODE))
    kernel.run("%%llama\nHow?")
    assert kernel.offered == ["x = 2"]
    kernel.run("%%llama --code\nHow?")
    assert kernel.offered == ["x = 2", "x = 2"]
    kernel.run("assert x == 1, 'nothing is run'")


def test_the_next_cell_does_not_go_on_from_one_that_failed(kernel: Kernel) -> None:
    kernel.run("x = 1")
    kernel.fail("y = x / 0")
    kernel.run("%llama next")
    body = last_body(kernel)
    assert [cell["source"] for cell in body["document"]["cells"] if cell["source"]] == ["x = 1"]
    assert body["document"]["cell"] == 1


def test_of_a_range_the_cells_that_are_there_count(kernel: Kernel) -> None:
    kernel.run("x = 1")
    kernel.run("%llama status")
    kernel.run("y = 2")
    kernel.run("%llama explain 2-4")
    assert focus(last_body(kernel)) == "x = 1\n\ny = 2"
    kernel.run("%%llama --cells 1-3\nWhat?")
    assert [cell["source"] for cell in last_body(kernel)["document"]["cells"] if cell["source"]] == ["x = 1"]


def test_an_answer_without_code_says_so_where_code_was_asked_for(kernel: Kernel) -> None:
    outputs = kernel.run("%%llama --no-context --code\nHow?")
    assert outputs[-1].text == "The answer has no code to put into a cell.\n"


def test_complete_goes_on_from_the_code_and_shows_both(kernel: Kernel) -> None:
    last = event({"model": "tiny", "choices": [{"index": 0, "text": "sum(v)", "finish_reason": "stop"}]})
    kernel.server.script = Script([last, DONE])
    kernel.run("v = [1]")
    output = shown(kernel.run("%%llama complete --code\ntotal = "))
    body = last_body(kernel)
    assert (body["prompt"], body["suffix"], body["manual"]) == ("total = ", "", True)
    assert focus(body) == "total = "
    wire.completion_request(body)
    assert words(output) == "```python\ntotal = sum(v)\n```"
    assert kernel.offered == ["total = sum(v)"]


def test_summarize_reads_the_notebook_cells_files_and_texts(kernel: Kernel, tmp_path: Path) -> None:
    kernel.run("x = 1")
    kernel.run("note = 'It rained all day. ' * 3")
    kernel.run("%llama summarize")
    assert last_body(kernel)["task"] == "summarize"
    kernel.run("%llama summarize 2")
    assert [cell["source"] for cell in last_body(kernel)["document"]["cells"]][:4] == ["", "x = 1", "", ""]
    kernel.run("%llama summarize note")
    assert last_body(kernel)["messages"][0]["content"].endswith("It rained all day.")
    (tmp_path / "long text.txt").write_text("A line of text.\n" * 1000, encoding="utf-8")
    output = shown(kernel.run(f"%llama summarize '{tmp_path / 'long text.txt'}'"))
    asked = [request.body["messages"][0]["content"] for request in kernel.server.requests[-3:]]
    assert sum(text.count("A line of text.") for text in asked) == 1000
    assert "**Part 3 of 3:**" in output.data["text/plain"]
    assert "36 + 9 tokens" in output.data["text/plain"]


def test_summarize_reads_a_notebook_file_as_cells(kernel: Kernel, tmp_path: Path) -> None:
    cells = [{"cell_type": "markdown", "source": ["# A\n", "b"]}, {"cell_type": "code", "source": "y = 2"}]
    (tmp_path / "other.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    kernel.run(f"%llama summarize {tmp_path / 'other.ipynb'}")
    sent = last_body(kernel)["document"]["cells"]
    assert [(cell["type"], cell["source"]) for cell in sent] == [("markdown", "# A\nb"), ("code", "y = 2")]


def test_translate_takes_text_as_text_and_code_as_code(kernel: Kernel) -> None:
    kernel.server.script = Script(answer("```markdown\nGuten Morgen\n```"))
    output = shown(kernel.run("%%llama translate German\nGood morning"))
    body = last_body(kernel)
    assert body["language"] == "German"
    assert body["document"]["cells"][body["document"]["cell"]]["type"] == "markdown"
    assert words(output) == "Guten Morgen"
    kernel.run("%%llama translate 'Brazilian Portuguese'\nx = 1  # a number")
    body = last_body(kernel)
    assert body["language"] == "Brazilian Portuguese"
    assert body["document"]["cells"][body["document"]["cell"]]["type"] == "code"


def test_a_conversation_goes_on_until_a_new_one_begins(kernel: Kernel) -> None:
    kernel.server.script = Script(answer("Ada."))
    kernel.run("%%llama chat\nWho?")
    kernel.run("%%llama chat\nAnd then?")
    assert [turn["content"] for turn in last_body(kernel)["messages"]] == ["Who?", "Ada.", "And then?"]
    wire.chat_request(last_body(kernel))
    kernel.run("%%llama chat --new\nAgain")
    assert [turn["content"] for turn in last_body(kernel)["messages"]] == ["Again"]


def test_a_turn_that_failed_is_not_part_of_the_conversation(kernel: Kernel) -> None:
    kernel.server.script = Script([event({"error": {"message": "No.", "code": "engine_crashed"}})])
    kernel.fail("%%llama chat\nLost")
    kernel.server.script = Script(answer("Yes."))
    kernel.run("%%llama chat\nKept")
    assert [turn["content"] for turn in last_body(kernel)["messages"]] == ["Kept"]


def test_schemas_go_along_by_name_and_values_only_by_wish(kernel: Kernel) -> None:
    kernel.run("secret = ['hunter2']")
    kernel.run("x = 1")
    kernel.run("%%llama --cells 3 --vars secret\nWhat?")
    body = last_body(kernel)
    assert body["document"]["variables"] == [{"name": "secret", "type": "list", "shape": [1]}]
    assert "hunter2" not in json.dumps(body)
    kernel.run("%%llama --cells 3 --vars secret --values\nWhat?")
    assert last_body(kernel)["document"]["cells"][-1]["outputs"] == ["secret = ['hunter2']"]
    kernel.run("%llama explain 3 --vars secret --values --no-context")
    assert "hunter2" in last_body(kernel)["question"]


def test_only_the_chosen_cells_are_sent(kernel: Kernel) -> None:
    for number in range(2, 7):
        kernel.run(f"x{number} = {number}")
    kernel.run("%%llama --cells 2,4-5\nWhat?")
    sent = [cell["source"] for cell in last_body(kernel)["document"]["cells"]]
    assert sent == ["", "x2 = 2", "", "x4 = 4", "x5 = 5", "", ""]


def test_settings_hold_for_the_session_until_they_are_reset(kernel: Kernel) -> None:
    assert "No option is set" in kernel.run("%llama config")[0].text
    kernel.run("%llama config --max-tokens 7 --no-context")
    kernel.run("%%llama\nHi")
    assert last_body(kernel)["max_tokens"] == 7
    kernel.run("%%llama --max-tokens 9\nHi")
    assert last_body(kernel)["max_tokens"] == 9
    kernel.run("%llama config --reset")
    kernel.run("%%llama\nHi")
    assert "max_tokens" not in last_body(kernel)


MODELS = [
    {"id": "tiny", "state": "installed", "size_bytes": 5e6, "license": "MIT", "present": True, "current": True},
    {"id": "other", "state": "available", "size_bytes": 2e9, "license": "MIT", "present": False, "current": False},
]


def test_models_are_listed_and_changed(kernel: Kernel) -> None:
    kernel.server.catalogue = {"models": MODELS, "current": "tiny"}
    (listed,) = kernel.run("%llama model")
    assert listed.text.splitlines()[0].split() == ["*", "tiny", "installed,", "5", "MB,", "MIT"]
    kernel.server.script = Script(
        [b'{"state": "ready", "model": "tiny"}'], headers={"Content-Type": "application/json"}
    )
    kernel.server.script.is_chunked = False
    (changed,) = kernel.run("%llama model tiny")
    assert changed.text == "tiny is ready.\n"
    assert kernel.server.requests[-1].body == {"action": "load", "id": "tiny"}


def test_a_model_that_is_not_here_is_fetched_only_by_wish(kernel: Kernel) -> None:
    kernel.server.catalogue = {"models": MODELS, "current": "tiny"}
    (failure,) = kernel.fail("%llama model other")
    assert "%llama model other --download" in failure.evalue
    assert not any(request.method == "POST" for request in kernel.server.requests)


def test_tab_completion_knows_the_models(kernel: Kernel) -> None:
    kernel.server.catalogue = {"models": MODELS, "current": "tiny"}
    assert {"tiny", "other"} <= set(complete(kernel, "%llama model "))
    assert "other" in complete(kernel, "%%llama --model ot")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("%llama explain 99", "No code of cell 99 is known here; cells that ran, and have not run again since: [2]."),
        ("%llama explain nothing", "There is no `nothing` in this notebook. Write: %llama explain"),
        ("%llama explain x+1", "neither a cell nor a name"),
        ("%llama fix", "No cell has failed"),
        ("%llama translate 3", "Say the language first"),
        ("%llama summarize /no/file.txt", "There is no file"),
        ("%%llama --vars nothing\nHi", "There is no variable `nothing`"),
        ("%%llama --cells 99\nHi", "No code of cell 99"),
        ("%%llama chat --raw\nHi", "--raw continues a text"),
        ("%%llama --temperature 9\nHi", "no number from 0 to 2"),
    ],
)
def test_what_is_missing_is_said_in_one_line(kernel: Kernel, source: str, said: str) -> None:
    kernel.run("x = 1")
    outputs = kernel.fail(source)
    text = "".join(output.get("text", "") for output in outputs)
    assert said in text
    assert len(text.splitlines()) == 1
    assert kernel.server.requests == []


def test_saved_outputs_stay_small(kernel: Kernel) -> None:
    kernel.server.script = Script([delta("word ") for _ in range(400)] + answer("end"))
    output = shown(kernel.run("%%llama\nHi"))
    assert len(json.dumps(output)) < 2 * 2005 + 3000


def test_tab_completion_offers_tasks_options_and_names(kernel: Kernel) -> None:
    kernel.run("my_table = 1")
    for typed, wanted in (("%llama exp", "explain"), ("%%llama --max", "--max-tokens"), ("%llama doc my_", "my_table")):
        assert wanted in complete(kernel, typed), typed
    assert "explain" not in complete(kernel, "%llama doc ")


def complete(kernel: Kernel, typed: str) -> list[str]:
    """Return what the kernel offers for a line."""

    async def ask() -> Any:
        return await kernel.client.kc.complete(typed, len(typed), reply=True, timeout=60)

    return list(run_sync(ask)()["content"]["matches"])
