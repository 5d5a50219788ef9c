"""A hub repository is fetched as safetensors alone, pinned to its commit and to the hub's own digests."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from model_files import llama_config, write_gguf, write_json, write_model_folder

from llama_assist.models.store import Store

COMMIT = "0123456789abcdef0123456789abcdef01234567"

FETCH = """
import sys
from pathlib import Path
from llama_assist.errors import ModelError
from llama_assist.models.store import Store
try:
    checkpoint = Store(Path(sys.argv[1])).fetch(sys.argv[2])
    print("id", checkpoint.id)
except ModelError as error:
    print(error.reason, error)
"""


FETCH_PINNED = """
import sys
from pathlib import Path
from llama_assist.errors import ModelError
from llama_assist.models.catalogue import CatalogueModel
from llama_assist.models.store import Store
home, sha256, size = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
store = Store(home)
texts = ("tiny", "Tiny", "tests", "llama", "Apache-2.0", "Tiny", "tiny.gguf")
model = CatalogueModel(*texts, size, sha256, size, "owner/tiny")
store.catalogue = {"tiny": model}
steps = []
try:
    print("id", store.fetch("tiny", lambda *step: steps.append(step)).id, *dict.fromkeys(step[0] for step in steps))
except ModelError as error:
    print(error.reason, error)
"""


class Hub:
    """A hub of one repository, `owner/tiny`, on this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                hub.answer(self, body=False)

            def do_GET(self) -> None:
                hub.answer(self, body=True)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, handler: BaseHTTPRequestHandler, *, body: bool) -> None:
        path = handler.path.partition("?")[0]
        self.asked.append(path)
        if path.startswith("/api/models/owner/tiny"):
            raw, headers = json.dumps(self.listing()).encode(), {"Content-Type": "application/json"}
        elif path.startswith(f"/owner/tiny/resolve/{COMMIT}/"):
            raw = (self.folder / path.rpartition("/")[2]).read_bytes()
            headers = {"ETag": f'"{hashlib.sha256(raw).hexdigest()}"', "X-Repo-Commit": COMMIT}
        else:
            handler.send_response(404)
            handler.send_header("X-Error-Code", "RepoNotFound")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        handler.send_response(200)
        for name, value in {**headers, "Content-Length": str(len(raw))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        if body:
            handler.wfile.write(raw)

    def listing(self) -> dict[str, Any]:
        """What the hub tells of the repository; big files carry their digests."""
        siblings = []
        for path in sorted(self.folder.iterdir()):
            raw = path.read_bytes()
            sibling: dict[str, Any] = {"rfilename": path.name, "size": len(raw), "blobId": "0"}
            if path.suffix == ".safetensors":
                sibling["lfs"] = {"sha256": self.digest_of(raw), "size": len(raw), "pointerSize": 1}
            siblings.append(sibling)
        return {"_id": "1", "id": "owner/tiny", "sha": COMMIT, "cardData": {"license": "mit"}, "siblings": siblings}

    def digest_of(self, raw: bytes) -> str:
        return hashlib.sha256(raw).hexdigest()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    hub = Hub(write_model_folder(tmp_path / "repository"))
    thread = threading.Thread(target=hub.server.serve_forever, daemon=True)
    thread.start()
    yield hub
    hub.server.shutdown()
    hub.server.server_close()
    thread.join()


def fetch(tmp_path: Path, address: str, model: str = "hub:owner/tiny", **environment: str) -> str:
    return run(tmp_path, address, [FETCH, str(tmp_path / "home"), model], environment)


def run(tmp_path: Path, address: str, script: list[str], environment: dict[str, str]) -> str:
    """The hub's address is read when its client is imported, so each fetch has a process of its own."""
    variables = {
        "PATH": "",
        "HOME": str(tmp_path),
        "HF_HOME": str(tmp_path / "hf"),
        "HF_ENDPOINT": address,
        "HF_HUB_DISABLE_XET": "1",
        "NO_PROXY": "*",
        **environment,
    }
    command = [sys.executable, "-c", *script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=variables, cwd=Path.cwd())
    return done.stdout.strip()


def test_only_settings_and_safetensors_are_fetched(hub: Hub, tmp_path: Path) -> None:
    for name in ("pytorch_model.bin", "modeling_tiny.py", "README.md"):
        (hub.folder / name).write_bytes(b"never fetched")
    assert fetch(tmp_path, hub.address).startswith("id owner--tiny-")
    found = Store(tmp_path / "home").find("hub:owner/tiny")
    assert found is not None
    found.verify()
    assert found.manifest is not None
    assert found.manifest.source == f"hub:owner/tiny@{COMMIT}"
    assert found.manifest.license == "mit"
    asked = {path.rpartition("/")[2] for path in hub.asked if "/resolve/" in path}
    assert asked == {"config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"}
    assert {path.name for path in found.path.iterdir()} == {*asked, "manifest.json"}
    assert list((tmp_path / "home" / "partial").iterdir()) == []


def test_a_fetched_repository_asks_the_hub_nothing_more(hub: Hub, tmp_path: Path) -> None:
    fetch(tmp_path, hub.address)
    hub.asked.clear()
    assert fetch(tmp_path, hub.address).startswith("id ")
    assert hub.asked == []


def test_dangerous_settings_are_refused_before_the_weights_come(hub: Hub, tmp_path: Path) -> None:
    write_json(hub.folder / "config.json", llama_config(auto_map={"AutoModel": "x.Y"}))
    assert fetch(tmp_path, hub.address).startswith("remote-code ")
    assert not [path for path in hub.asked if path.endswith(".safetensors")]


def test_weights_with_another_digest_than_the_hub_tells_are_refused(hub: Hub, tmp_path: Path) -> None:
    hub.digest_of = lambda raw: "0" * 64  # type: ignore[method-assign]
    assert fetch(tmp_path, hub.address).startswith("wrong-hash ")
    assert not list((tmp_path / "home").rglob("*.safetensors"))


@pytest.mark.parametrize(
    ("name", "reason"), [("pytorch_model.bin", "pickle-weights"), ("tiny.gguf", "no-weights"), ("x", "no-weights")]
)
def test_a_repository_without_safetensors_is_refused(hub: Hub, tmp_path: Path, name: str, reason: str) -> None:
    (hub.folder / "model.safetensors").rename(hub.folder / name)
    assert fetch(tmp_path, hub.address).startswith(f"{reason} ")


def test_an_unknown_repository_is_told_from_an_unreachable_hub(hub: Hub, tmp_path: Path) -> None:
    assert fetch(tmp_path, hub.address, "hub:owner/other").startswith("not-on-hub ")
    assert fetch(tmp_path, "http://127.0.0.1:9").startswith("unreachable ")
    assert fetch(tmp_path, hub.address, HF_HUB_OFFLINE="1").startswith("offline ")


def test_the_pinned_file_of_the_catalogue_comes_from_the_hub_first(hub: Hub, tmp_path: Path) -> None:
    raw = write_gguf(hub.folder / "tiny.gguf").read_bytes()
    script = [FETCH_PINNED, str(tmp_path / "home"), hashlib.sha256(raw).hexdigest(), str(len(raw))]
    assert run(tmp_path, hub.address, script, {}) == "id tiny download convert"
    assert list((tmp_path / "home" / "partial").iterdir()) == []


def test_another_file_under_the_pinned_name_is_refused_and_removed(hub: Hub, tmp_path: Path) -> None:
    raw = write_gguf(hub.folder / "tiny.gguf").read_bytes()
    script = [FETCH_PINNED, str(tmp_path / "home"), "0" * 64, str(len(raw))]
    told = run(tmp_path, hub.address, script, {})
    assert "is not the file that was pinned" in told
    assert "has no mirror" in told
    assert not list((tmp_path / "home").rglob("*.gguf"))
