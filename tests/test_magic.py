"""The magic in a real kernel and a real terminal: asks, streams, stops, and fails in one line."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
import psutil
import pytest
from jupyter_client import BlockingKernelClient
from magic_kernel import FOOTER, Kernel, kernel, server, shown, words
from payloads import PAYLOADS
from sse_server import DONE, TOKEN, Script, SseServer, answer, delta, event

from llama_assist.client import Client
from llama_assist.connect_local import LocalServer

ROOT = Path(__file__).parent.parent
LOAD = "%load_ext llama_assist"
CODE = "Use `sum`:\n\n```python\nprint(sum(x))\n```\n"


__all__ = ["kernel", "server"]


def test_the_answer_is_one_sanitized_output_with_a_plain_twin(kernel: Kernel) -> None:
    output = shown(kernel.run("%%llama\nSay hello"))
    assert set(output.data) == {"text/html", "text/plain"}
    assert re.fullmatch(re.escape("Hello *world* <b>!</b>") + FOOTER, output.data["text/plain"])
    assert "<p>Hello <em>world</em> &lt;b&gt;!&lt;/b&gt;</p>" in output.data["text/html"]
    assert output.data["text/html"].startswith('<div class="llama-assist')


def test_the_output_remembers_model_usage_and_a_hash_but_no_prompt(kernel: Kernel) -> None:
    output = shown(kernel.run("%%llama\nSay hello"))
    remembered = output.metadata["llama_assist"]
    assert remembered["model"] == "tiny"
    assert remembered["usage"] == {"prompt_tokens": 12, "completion_tokens": 3, "cached_tokens": 5}
    assert len(remembered["prompt_sha256"]) == 64
    assert "Say hello" not in json.dumps(output.metadata)


def test_earlier_cells_go_along_at_the_places_of_their_numbers(kernel: Kernel) -> None:
    kernel.run("x = [1]\nd = {'a': {}}")
    kernel.run("%llama status")
    kernel.run("%%llama\nfirst question")
    kernel.run("y = 2\n%llama status\ny")
    kernel.run("%%llama --max-tokens 5 --temperature 0 --seed 0\nWhat is f'{x:>3}' and {y} and {{y}} and {z}?\n")
    request = kernel.server.requests[-1]
    assert request.path == "/llama-assist/v1/tasks"
    assert request.body["task"] == "ask"
    assert request.body["question"] == "What is f'{x:>3}' and 2 and {y} and {z}?"
    sources = [cell["source"] for cell in request.body["document"]["cells"]]
    assert sources == ["", "x = [1]\nd = {'a': {}}", "", "", "y = 2\n%llama status\ny", ""]
    assert request.body["document"]["cells"][4]["outputs"] == ["2"]
    assert request.body["document"]["cell"] == 5
    assert request.body["document"]["path"] == "/home/ann/work.ipynb"
    assert (request.body["max_completion_tokens"], request.body["temperature"], request.body["seed"]) == (5, 0, 0)


def test_without_context_nothing_but_the_question_goes_out(kernel: Kernel) -> None:
    kernel.run("secret = 1")
    kernel.run("%%llama --no-context\nHi")
    body = kernel.server.requests[-1].body
    assert body["messages"] == [{"role": "user", "content": "Hi"}]
    assert "secret" not in json.dumps(body)


def test_raw_text_is_continued_as_it_stands(kernel: Kernel) -> None:
    kernel.server.script = Script([event({"model": "tiny", "choices": [{"index": 0, "text": " time"}]}), DONE])
    output = shown(kernel.run("%%llama --raw\n  Once upon a\n"))
    request = kernel.server.requests[-1]
    assert request.path == "/llama-assist/v1/completions"
    assert request.body["prompt"] == "  Once upon a"
    assert request.body["raw"] is True
    assert "document" not in request.body
    assert words(output) == " time"


def test_the_answer_is_a_python_object(kernel: Kernel) -> None:
    kernel.server.script = Script(answer(CODE))
    kernel.run("%%llama --to reply\nhow?")
    kernel.run(
        "assert reply is _llama and str(reply) == reply.text\n"
        "assert [(c.code, c.language) for c in reply.code] == [('print(sum(x))\\n', 'python')]\n"
        "assert (reply.model, reply.usage.prompt_tokens, reply.interrupted) == ('tiny', 12, False)\n"
        "assert Out == {}, 'the magic itself returns nothing'"
    )
    outputs = kernel.run("reply")
    assert set(outputs[0].data) == {"text/html", "text/plain"}


def test_an_interrupt_closes_the_connection_and_keeps_what_came(kernel: Kernel) -> None:
    kernel.server.script = Script([delta("The answer begins")], hang=True)
    with interrupting(kernel, lambda: "The answer" in json.dumps(kernel.notebook.cells[-1].outputs)):
        output, error = kernel.fail("%%llama\nA long story")
    assert kernel.server.closed.wait(60)
    assert output.data["text/plain"].startswith("The answer begins\n\n[Interrupted: the answer is incomplete. ")
    assert error.ename == "Interrupted"
    assert len(error.traceback) == 1
    kernel.run("assert _llama.interrupted and _llama.text == 'The answer begins'")
    kernel.server.script = Script(answer("Fine."))
    assert words(shown(kernel.run("%%llama\nAgain"))) == "Fine."


def test_an_interrupt_before_the_first_token_closes_the_connection_too(kernel: Kernel) -> None:
    kernel.server.script = Script(mute=True)
    with interrupting(kernel, lambda: bool(kernel.server.requests)):
        output, error = kernel.fail("%%llama\nA long story")
    assert kernel.server.closed.wait(60)
    assert output.data["text/plain"].startswith("\n\n[Interrupted: the answer is incomplete. ")
    assert error.ename == "Interrupted"


@contextmanager
def interrupting(kernel: Kernel, is_time: Callable[[], bool]) -> Iterator[None]:
    """Do what the stop button does, as soon as `is_time`."""

    def wait_and_interrupt() -> None:
        for _ in range(3000):
            if is_time():
                break
            time.sleep(0.02)
        os.kill(kernel.client.km.provisioner.pid, signal.SIGINT)

    thread = threading.Thread(target=wait_and_interrupt)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def test_an_error_in_the_stream_keeps_what_came_and_is_one_line(kernel: Kernel) -> None:
    error = {"message": "The engine ended.", "code": "engine_crashed"}
    kernel.server.script = Script([delta("Half an "), event({"error": error})])
    output, failure = kernel.fail("%%llama\nHi")
    assert output.data["text/plain"].startswith("Half an\n\n[Stopped by an error")
    assert failure.traceback == ["EngineCrashedError: The engine ended."]


def test_a_missing_server_is_one_line_that_says_what_to_do(kernel: Kernel) -> None:
    kernel.run("import os\nos.environ['JPY_PARENT_PID'] = '1'")
    (failure,) = kernel.fail("%%llama\nHi")
    assert failure.ename == "ConnectError"
    assert len(failure.traceback) == 1
    assert "LLAMA_ASSIST_URL" in failure.evalue


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("%%llama --nonsense\nHi", "unrecognized arguments: --nonsense"),
        ("%%llama --max-tokens many\nHi", "argument --max-tokens: 'many' is no whole number"),
        ("%%llama explian\nHi", "did you mean explain?"),
        ("%%llama --to 3x\nHi", "--to needs the name of a variable"),
        ("%%llama\n  \n", "Write the question"),
        ("%llama explode", "there are ask, chat, explain"),
    ],
)
def test_a_wrong_call_says_shortly_what_is_wrong(kernel: Kernel, source: str, said: str) -> None:
    outputs = kernel.fail(source)
    assert said in "".join(output.get("text", "") for output in outputs)
    assert kernel.server.requests == []


def test_status_and_help_are_plain_text(kernel: Kernel) -> None:
    (status,) = kernel.run("%llama status")
    assert status.text == "state  ready\nmodel  tiny\n"
    (help_,) = kernel.run("%llama")
    assert "%%llama" in help_.text
    assert "--max-tokens" in help_.text


def test_the_docstring_is_the_help(kernel: Kernel) -> None:
    kernel.run("doc = get_ipython().find_cell_magic('llama').__doc__\nassert '--temperature' in doc, doc")


def test_unloading_takes_the_magics_away_and_loading_again_works(kernel: Kernel) -> None:
    kernel.run("%unload_ext llama_assist")
    kernel.run("assert get_ipython().find_cell_magic('llama') is None")
    kernel.run("%load_ext llama_assist")
    kernel.run("%reload_ext llama_assist")
    assert words(shown(kernel.run("%%llama\nHi"))) == "Hello *world* <b>!</b>"


def test_the_token_is_in_no_output_and_no_saved_notebook(kernel: Kernel) -> None:
    kernel.run("%%llama\nHi")
    kernel.run("%llama status")
    kernel.fail("%%llama --to 1\nHi")
    assert TOKEN not in nbformat.writes(kernel.notebook)


def test_hostile_answers_stay_under_two_inert_mime_types(kernel: Kernel) -> None:
    kernel.server.script = Script(answer("\n\n".join(PAYLOADS)))
    output = shown(kernel.run("%%llama\nHi"))
    assert set(output.data) == {"text/html", "text/plain"}
    for forbidden in ("<script", "<img", "<svg", "<iframe", "commandlinker=", "\u202e", "\x1b"):
        assert forbidden not in output.data["text/html"].lower()


def test_the_example_notebook_runs(kernel: Kernel) -> None:
    kernel.server.script = Script(answer(CODE))
    example = nbformat.read(ROOT / "examples" / "magic.ipynb", as_version=4)
    nbformat.validate(example)
    for cell in example.cells:
        if cell.cell_type == "code":
            assert not cell.outputs
            (kernel.fail if "raises-exception" in cell.metadata.get("tags", ()) else kernel.run)(cell.source)
    assert kernel.notebook.cells[-3].outputs[0].text == "print(sum(x))\n\n"


def test_a_kernel_finds_the_real_jupyter_server_that_started_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RUNTIME", "CONFIG", "DATA"):
        monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(tmp_path / name))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    local = LocalServer(lambda line: None, command=FAKE_SERVER)
    try:
        kernel_id = start_session(local.client(), "work/a b.ipynb")
        outputs = execute(tmp_path / "RUNTIME" / f"kernel-{kernel_id}.json", LOAD, "%%llama\nHi", "%llama status")
    finally:
        local.stop()
    assert "Hello 世界" in outputs[1]["text/html"]
    assert "model         fake-model\n" in outputs[2]["stdout"]


FAKE_SERVER = (
    sys.executable,
    str(ROOT / "tests" / "server" / "fake_server.py"),
    "--allow-root",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port=0",
)


def start_session(client: Client, path: str) -> str:
    """Do what JupyterLab does when a notebook is opened; return the kernel's id."""
    body = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
    connection = HTTPConnection(urlsplit(client.url).netloc)
    with closing(connection):
        connection.request("POST", "/api/sessions", json.dumps(body), client._headers())
        response = connection.getresponse()
        assert response.status == 201, response.read()
        return str(json.loads(response.read())["kernel"]["id"])


def execute(connection_file: Path, *sources: str) -> list[dict[str, str]]:
    """Run the sources in a running kernel and return, for each, the last text of each kind of output."""
    client = BlockingKernelClient(connection_file=str(connection_file))
    client.load_connection_file()
    client.start_channels()
    outputs: list[dict[str, str]] = []

    def remember(message: dict[str, Any]) -> None:
        content = message["content"]
        outputs[-1].update(content.get("data", {}))
        if message["msg_type"] == "stream":
            outputs[-1][content["name"]] = content["text"]

    try:
        client.wait_for_ready(timeout=60)
        for source in sources:
            outputs.append({})
            reply = client.execute_interactive(source, output_hook=remember, timeout=60)
            assert reply["content"]["status"] == "ok", reply["content"]
    finally:
        client.stop_channels()
    return outputs


def run_ipython(source: str, **environ: str) -> str:
    """Execute `source` in a terminal IPython of its own and return what it printed."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("JPY_")}
    process = subprocess.run(
        [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", "-c", source],
        env={**inherited, "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return process.stdout + process.stderr


def test_a_terminal_prints_the_answer_as_plain_text(server: SseServer, tmp_path: Path) -> None:
    server.script = Script(answer("Hello \x1b]0;title\x07", "**world**\n"))
    printed = run_ipython(
        "%load_ext llama_assist\nget_ipython().run_cell_magic('llama', '', 'Hi')",
        IPYTHONDIR=str(tmp_path),
        LLAMA_ASSIST_URL=server.url,
        LLAMA_ASSIST_KEY=TOKEN,
    )
    assert re.fullmatch(r"Hello \*\*world\*\*\n\n" + FOOTER.removeprefix(r"\n\n") + r"\n", printed)


def test_a_terminal_starts_a_server_of_its_own_that_ends_with_it(tmp_path: Path) -> None:
    printed = run_ipython(
        "import llama_assist.connect_local as local, pathlib, jupyter_core.paths\n"
        f"local._serve = lambda: {FAKE_SERVER!r}\n"
        "%load_ext llama_assist\n"
        "get_ipython().run_cell_magic('llama', '', 'Hi')\n"
        "runtime = pathlib.Path(jupyter_core.paths.jupyter_runtime_dir())\n"
        "print('pids', [path.stem for path in runtime.glob('jps*.json')])",
        IPYTHONDIR=str(tmp_path),
        JUPYTER_RUNTIME_DIR=str(tmp_path / "runtime"),
        JUPYTER_CONFIG_DIR=str(tmp_path / "config"),
    )
    assert "Hello 世界\n" in printed
    (pid,) = re.findall(r"pids \['jpserver-(\d+)'\]", printed)
    assert not psutil.pid_exists(int(pid))
    assert not list((tmp_path / "runtime").glob("jpserver-*.json"))
