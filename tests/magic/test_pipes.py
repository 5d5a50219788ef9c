"""Every way from a kernel to its assistant, through the real thing: a server of its own, one by URL and key, none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from magic_kernel import LOAD, ROOT, Kernel, shown, words
from sse_server import TOKEN, Script, SseServer, answer, serve

from llama_assist.connect_local import LocalServer

FAKE_SERVER = (
    sys.executable,
    str(ROOT / "tests" / "server" / "fake_server.py"),
    "--allow-root",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port=0",
)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("RUNTIME", "CONFIG", "DATA"):
        monkeypatch.setenv(f"JUPYTER_{name}_DIR", str(tmp_path / name))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("LLAMA_ASSIST_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return monkeypatch


@pytest.fixture
def other_server(environment: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    """A real Jupyter server that did not start the kernel."""
    local = LocalServer(lambda line: None, command=FAKE_SERVER)
    try:
        local.client()
        yield local
    finally:
        local.stop()


@pytest.fixture
def kernel(environment: pytest.MonkeyPatch) -> Iterator[Kernel]:
    kernel = Kernel(SseServer())
    with kernel.client.setup_kernel():
        kernel.run(LOAD)
        yield kernel


def lead_to(kernel: Kernel, url: str, key: str) -> None:
    kernel.run(f"import os\nos.environ |= {{'LLAMA_ASSIST_URL': {url!r}, 'LLAMA_ASSIST_KEY': {key!r}}}")


def test_a_kernel_asks_the_server_that_the_url_names(other_server: LocalServer, kernel: Kernel) -> None:
    client = other_server.client()
    for ending in ("", "v1", "v1/"):
        lead_to(kernel, f"{client.url}{ending}", client._token)
        assert "Hello 世界" in words(shown(kernel.run("%%llama --no-context\nHi")))
    assert "model         fake-model\n" in kernel.run("%llama status")[0].text
    assert f"server  {client.url}" in kernel.run("%llama config")[0].text
    assert client._token not in str(kernel.notebook.cells[-2:])


def test_a_wrong_key_is_one_line_that_names_the_variable(other_server: LocalServer, kernel: Kernel) -> None:
    lead_to(kernel, other_server.client().url, "wrong")
    *_, failure = kernel.fail("%%llama\nHi")
    assert failure.ename == "ConnectError"
    assert "LLAMA_ASSIST_KEY" in failure.evalue
    assert len(failure.traceback) == 1


def test_a_server_that_has_ended_is_one_line_that_names_it(other_server: LocalServer, kernel: Kernel) -> None:
    client = other_server.client()
    lead_to(kernel, client.url, client._token)
    other_server.stop()
    *_, failure = kernel.fail("%%llama\nHi")
    assert client.url in failure.evalue
    assert "cannot be reached" in failure.evalue


def test_a_kernel_that_no_server_started_says_how_to_name_one(kernel: Kernel) -> None:
    (failure,) = kernel.fail("%%llama\nHi")
    assert "LLAMA_ASSIST_URL" in failure.evalue
    assert "llama-assist serve" in failure.evalue


def test_an_answer_comes_through_a_server_from_its_remote_engine(
    environment: pytest.MonkeyPatch, kernel: Kernel
) -> None:
    with serve() as engine:
        engine.script = Script(answer("From ", "afar."))
        environment.setenv("LLAMA_ASSIST_BACKEND_KEY", TOKEN)
        flags = (f"--Assist.backend_url={engine.url}v1", "--Assist.model=tiny", *FAKE_SERVER[2:])
        local = LocalServer(lambda line: None, command=(sys.executable, "-m", "llama_assist", "serve", *flags))
        try:
            lead_to(kernel, local.client().url, local.client()._token)
            output = shown(kernel.run("%%llama --no-context --max-tokens 9\nHi"))
        finally:
            local.stop()
    assert words(output) == "From afar."
    assert output.metadata["llama_assist"]["model"] == "tiny"
    asked = engine.requests[-1].body
    assert (asked["model"], asked["max_tokens"], asked["messages"][-1]["content"]) == ("tiny", 9, "Hi")
