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
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
import psutil
import pytest
from jupyter_client import BlockingKernelClient
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from payloads import PAYLOADS
from sse_server import DONE, TOKEN, Script, SseServer, answer, delta, event, serve

from llama_assist.client import Client
from llama_assist.connect_local import LocalServer
from llama_assist.errors import EngineCrashedError
from llama_assist.magic_answer import Answer, Interrupted, NotebookView, TerminalView, follow
from llama_assist.magic_history import read_history
from llama_assist.types import Usage

ROOT = Path(__file__).parent.parent
LOAD = "%load_ext llama_assist"
CODE = "Use `sum`:\n\n```python\nprint(sum(x))\n```\n"


@pytest.fixture
def server() -> Iterator[SseServer]:
    with serve() as state:
        state.script = Script(answer("Hello ", "*world* ", "<b>!</b>"))
        yield state


class Kernel:
    """A real kernel that takes this process for the Jupyter server that started it."""

    def __init__(self, server: SseServer) -> None:
        self.server = server
        self.notebook = nbformat.v4.new_notebook()
        self.client = NotebookClient(self.notebook, kernel_name="python3", timeout=120)
        self.client.km = self.client.create_kernel_manager()

    def run(self, source: str) -> list[Any]:
        """Execute a cell and return its outputs; raise `CellExecutionError` when it fails."""
        self.notebook.cells.append(nbformat.v4.new_code_cell(source))
        index = len(self.notebook.cells) - 1
        self.client.execute_cell(self.notebook.cells[index], index)
        return self.notebook.cells[index].outputs

    def fail(self, source: str) -> list[Any]:
        """Execute a cell that must fail and return its outputs."""
        with pytest.raises(CellExecutionError):
            self.run(source)
        return self.notebook.cells[-1].outputs


@pytest.fixture
def kernel(server: SseServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/ann/work.ipynb")
    runtime_file = {"pid": os.getpid(), "hostname": "127.0.0.1", "port": server.port, "base_url": "/", "token": TOKEN}
    (tmp_path / f"jpserver-{os.getpid()}.json").write_text(json.dumps(runtime_file))
    kernel = Kernel(server)
    with kernel.client.setup_kernel():
        kernel.run(LOAD)
        yield kernel


def shown(outputs: list[Any]) -> Any:
    """Return the one output of a cell."""
    assert len(outputs) == 1
    assert outputs[0].output_type == "display_data"
    return outputs[0]


def test_the_answer_is_one_sanitized_output_with_a_plain_twin(kernel: Kernel) -> None:
    output = shown(kernel.run("%%llama\nSay hello"))
    assert set(output.data) == {"text/html", "text/plain"}
    assert output.data["text/plain"] == "Hello *world* <b>!</b>"
    assert "<p>Hello <em>world</em> &lt;b&gt;!&lt;/b&gt;</p>" in output.data["text/html"]
    assert output.data["text/html"].startswith('<div class="llama-assist')


def test_the_output_remembers_model_usage_and_a_hash_but_no_prompt(kernel: Kernel) -> None:
    output = shown(kernel.run("%%llama\nSay hello"))
    remembered = output.metadata["llama_assist"]
    assert remembered["model"] == "tiny"
    assert remembered["usage"] == {"prompt_tokens": 12, "completion_tokens": 3, "cached_tokens": 5}
    assert len(remembered["prompt_sha256"]) == 64
    assert "Say hello" not in json.dumps(output.metadata)


def test_earlier_cells_go_along_in_the_order_of_their_running(kernel: Kernel) -> None:
    kernel.run("x = [1]\nd = {'a': {}}")
    kernel.run("%llama status")
    kernel.run("%%llama\nfirst question")
    kernel.run("y = 2\n%llama status")
    kernel.run("%%llama --max-tokens 5 --temperature 0 --seed 0\nWhat is f'{x:>3}' and {y}?\n")
    body = kernel.server.requests[-1].body
    assert body["messages"] == [{"role": "user", "content": "What is f'{x:>3}' and {y}?"}]
    assert [cell["source"] for cell in body["document"]["cells"]] == [
        "x = [1]\nd = {'a': {}}",
        "y = 2\n%llama status",
        "",
    ]
    assert body["document"]["cell"] == 2
    assert body["document"]["path"] == "/home/ann/work.ipynb"
    assert (body["max_tokens"], body["temperature"], body["seed"]) == (5, 0, 0)


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
    assert output.data["text/plain"] == " time"


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
    assert output.data["text/plain"] == "The answer begins\n\n[Interrupted: the answer is incomplete.]"
    assert error.ename == "Interrupted"
    assert len(error.traceback) == 1
    kernel.run("assert _llama.interrupted and _llama.text == 'The answer begins'")
    kernel.server.script = Script(answer("Fine."))
    assert shown(kernel.run("%%llama\nAgain")).data["text/plain"] == "Fine."


def test_an_interrupt_before_the_first_token_closes_the_connection_too(kernel: Kernel) -> None:
    kernel.server.script = Script(mute=True)
    with interrupting(kernel, lambda: bool(kernel.server.requests)):
        output, error = kernel.fail("%%llama\nA long story")
    assert kernel.server.closed.wait(60)
    assert output.data["text/plain"] == "\n\n[Interrupted: the answer is incomplete.]"
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
    assert output.data["text/plain"].startswith("Half an \n\n[Stopped by an error")
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
        ("%%llama --max-tokens many\nHi", "argument --max-tokens: invalid int value"),
        ("%%llama explode\nHi", "argument task: invalid choice"),
        ("%%llama --to 3x\nHi", "--to needs the name of a variable"),
        ("%%llama\n  \n", "Write the question"),
        ("%llama explode", "argument verb: invalid choice"),
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
    assert shown(kernel.run("%%llama\nHi")).data["text/plain"] == "Hello *world* <b>!</b>"


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
    assert printed == "Hello **world**\n\n"


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


# --- the parts, without a kernel ---


class Recorder:
    """A view that only remembers."""

    def __init__(self) -> None:
        self.updates: list[str] = []
        self.finished: list[str] = []

    def update(self, answer: Answer) -> None:
        self.updates.append(answer.text)

    def finish(self, answer: Answer) -> None:
        self.finished.append(answer.text + answer.note)


def stream(*items: Any) -> Generator[dict[str, Any], None, None]:
    for item in items:
        if isinstance(item, BaseException):
            raise item
        yield {"model": "tiny", "choices": [{"index": 0, "delta": {"content": item}}]}


def test_following_shows_each_piece_and_the_end() -> None:
    view, answer = Recorder(), Answer()
    follow(stream("a", "b"), answer, view)
    assert view.updates == ["a", "ab"]
    assert view.finished == ["ab"]


def test_an_interrupt_closes_the_stream_before_the_view_is_touched() -> None:
    events: list[str] = []

    def chunks() -> Generator[dict[str, Any], None, None]:
        try:
            yield from stream("a")
            raise KeyboardInterrupt
        finally:
            events.append("closed")

    view = Recorder()
    view.finish = lambda answer: events.append("shown")  # type: ignore[method-assign]
    answer = Answer()
    with pytest.raises(Interrupted):
        follow(chunks(), answer, view)
    assert events == ["closed", "shown"]
    assert answer.interrupted


def test_an_interrupt_while_showing_closes_the_stream() -> None:
    chunks = stream("a", "b")
    view = Recorder()

    def interrupted(answer: Answer) -> None:
        raise KeyboardInterrupt

    view.update = interrupted  # type: ignore[method-assign]
    with pytest.raises(Interrupted):
        follow(chunks, Answer(), view)
    assert chunks.gi_frame is None
    assert view.finished == ["aInterrupted: the answer is incomplete."]


def test_an_error_of_the_stream_goes_on_up_after_the_last_state_is_shown() -> None:
    view = Recorder()
    with pytest.raises(EngineCrashedError):
        follow(stream("a", EngineCrashedError("x")), Answer(), view)
    assert view.finished == ["aStopped by an error: the answer is incomplete."]


def test_an_answer_cut_by_its_limit_says_so() -> None:
    answer = Answer()
    answer.add({"choices": [{"delta": {"content": "a"}, "finish_reason": "length"}]})
    assert "--max-tokens" in answer.note


def test_an_empty_answer_says_so() -> None:
    view = Recorder()
    follow(stream(""), Answer(), view)
    assert view.finished == ["The model answered nothing."]


def test_usage_is_taken_from_the_last_chunk() -> None:
    answer = Answer()
    for chunk in ({"choices": [], "usage": None}, {"choices": [], "usage": {"prompt_tokens": 3}}):
        answer.add(chunk)
    assert answer.usage == Usage(prompt_tokens=3)


@pytest.mark.parametrize("kind", ["chat", "completion"])
def test_the_streams_of_the_wire_fixtures_are_understood(kind: str) -> None:
    folder = Path(__file__).parent / "wire"
    answer = Answer()
    for chunk in json.loads((folder / f"{kind}_stream.json").read_text(encoding="utf-8")):
        answer.add(chunk)
    whole = json.loads((folder / f"{kind}_reply.json").read_text(encoding="utf-8"))
    choice = whole["choices"][0]
    assert answer.text == (choice["message"]["content"] if kind == "chat" else choice["text"])
    assert answer.model == whole["model"]
    assert answer.finish_reason == choice["finish_reason"]
    assert answer.usage is not None
    assert answer.usage.prompt_tokens == whole["usage"]["prompt_tokens"]


class Clock:
    """A clock that stands still unless it is told to go on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def updates(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the notebook was shown, instead of showing it."""
    seen: list[Any] = []

    class Handle:
        def update(self, bundle: Any, **options: Any) -> None:
            seen.append(bundle)

    def display(bundle: Any, **options: Any) -> Handle:
        assert options == {"raw": True, "display_id": True}
        seen.append(bundle)
        return Handle()

    monkeypatch.setattr("llama_assist.magic_answer.display", display)
    return seen


def test_a_notebook_is_updated_at_most_20_times_a_second_and_at_the_end(updates: list[Any]) -> None:
    clock = Clock()
    view = NotebookView(clock)
    answer = Answer()
    for _ in range(1000):
        clock.now += 0.01
        answer.text += "x"
        view.update(answer)
    assert 150 <= len(updates) <= 1 + 10 * 20
    view.finish(answer)
    assert updates[-1]["text/plain"] == "x" * 1000


def test_slow_rendering_makes_updates_rarer(updates: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    view = NotebookView(clock)

    def slow(answer: Answer) -> None:
        clock.now += 0.1
        updates.append({})

    monkeypatch.setattr(view, "finish", slow)
    while clock.now < 10:
        clock.now += 0.01
        view.update(Answer(text="x"))
    assert len(updates) <= 1 + 10 / 0.5


def test_a_terminal_gets_plain_text_that_only_grows() -> None:
    pieces: list[str] = []
    view = TerminalView(pieces.append)
    answer = Answer()
    for text in ("a\x1b", "]0;ti", "tle\x07b", "\x1b[31", "mc\u202e"):
        answer.text += text
        view.update(answer)
    answer.note = "cut"
    view.finish(answer)
    assert "".join(pieces) == "abc\n[cut]\n"


def test_history_keeps_the_last_run_of_each_source() -> None:
    history = read_history(["", "a", "b", "a", "c"])
    assert history.cells == ((2, "b"), (3, "a"), (4, "c"))
    assert history.num_left_out == 0


@pytest.mark.parametrize(
    ("source", "is_kept"),
    [
        ("%%llama\nquestion", False),
        ("\n  %%llama ask --to x\nquestion", False),
        ("%llama status", False),
        ("%load_ext llama_assist\n%llama help\n", False),
        ("  \n", False),
        ("%load_ext autoreload", True),
        ("%load_ext llama_assist\nx = 1", True),
        ("x = '''\n%%llama\n'''", True),
        ("%%llama2\nx", True),
        ("%llamas", True),
    ],
)
def test_history_leaves_out_only_our_own_magics(source: str, is_kept: bool) -> None:
    assert bool(read_history(["", source]).cells) is is_kept


def test_history_that_does_not_fit_keeps_the_newest_cells_and_counts_the_rest() -> None:
    inputs = ["", *(f"{n}" * 100 for n in range(1, 10))]
    history = read_history(inputs, max_bytes=310)
    assert [count for count, _ in history.cells] == [7, 8, 9][-3:]
    assert history.num_left_out == 6
    assert len(read_history(inputs, max_cells=2).cells) == 2
    assert read_history(["", "你" * 100], max_bytes=200).num_left_out == 1


def test_a_document_ends_with_the_empty_cell_of_the_cursor() -> None:
    document = read_history(["", "a\ud800"]).document("p.ipynb")
    assert document["cells"] == [{"execution_count": 1, "source": "a\ud800"}, {"source": ""}]
    assert document["cell"] == 1
