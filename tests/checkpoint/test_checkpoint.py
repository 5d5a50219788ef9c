"""A checkpoint is verified before use, says what it is, and knows what it will cost."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from model_files import llama_config, write_json, write_model_folder

from llama_assist.checkpoint import Checkpoint
from llama_assist.checkpoint.manifest import Manifest, digest_files
from llama_assist.errors import ModelError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = write_model_folder(tmp_path / "tiny")
    seal(folder)
    return folder


def seal(folder: Path) -> None:
    """Write the manifest of the folder as it now is."""
    names = [path.name for path in folder.iterdir() if path.name != "manifest.json"]
    manifest = Manifest("tiny", "llama", "test", "MIT", 7, digest_files(folder, names))
    manifest.write(folder / "manifest.json")


def refusal(folder: Path) -> ModelError:
    with pytest.raises(ModelError) as caught:
        Checkpoint(folder, "tiny").verify()
    return caught.value


def test_an_intact_checkpoint_is_verified_with_progress_in_bytes(folder: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    Checkpoint(folder, "tiny").verify(lambda *step: seen.append(step))
    total = sum(path.stat().st_size for path in folder.iterdir() if path.name != "manifest.json")
    assert seen[-1] == ("verify", total, total)


def test_every_truncation_is_refused_with_file_and_digest(folder: Path) -> None:
    rng = random.Random(1)
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    digest = json.loads((folder / "manifest.json").read_bytes())["files"][path.name]["sha256"]
    for _ in range(200):
        path.write_bytes(whole[: rng.randrange(len(whole))])
        error = refusal(folder)
        assert error.reason == "truncated"
        assert str(path) in str(error)
        assert digest in str(error)


def test_every_bit_flip_is_refused_with_file_and_digest(folder: Path) -> None:
    rng = random.Random(2)
    files = [path for path in folder.iterdir() if path.name != "manifest.json"]
    for _ in range(200):
        path = rng.choice(files)
        whole = path.read_bytes()
        damaged = bytearray(whole)
        damaged[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        error = refusal(folder)
        path.write_bytes(whole)
        assert error.reason == "wrong-hash"
        assert str(path) in str(error)
        assert len([word for word in str(error).split() if len(word.strip(".,")) == 64]) == 2


def test_a_file_that_grew_is_refused(folder: Path) -> None:
    with (folder / "model.safetensors").open("ab") as file:
        file.write(b"x")
    assert refusal(folder).reason == "wrong-hash"


def test_a_missing_file_is_refused(folder: Path) -> None:
    (folder / "tokenizer_config.json").unlink()
    assert refusal(folder).reason == "missing-file"


def test_a_settings_file_that_was_added_later_is_refused(folder: Path) -> None:
    write_json(folder / "generation_config.json", {"eos_token_id": 5})
    assert refusal(folder).reason == "unlisted-file"


def test_a_folder_without_manifest_cannot_be_verified(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    assert refusal(folder).reason == "no-manifest"


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"files": {"../x": {"size": 1, "sha256": "0" * 64}}},
        {"files": {"a/b": {"size": 1, "sha256": "0" * 64}}},
        {"files": {"a": {"size": 1, "sha256": "0"}}},
        {"files": {"a": 1}},
        {"files": []},
        {"created": "yesterday"},
        {"id": None, "files": None},
    ],
)
def test_a_damaged_manifest_is_refused(folder: Path, change: dict[str, object]) -> None:
    content = json.loads((folder / "manifest.json").read_bytes())
    write_json(folder / "manifest.json", content | change)
    assert refusal(folder).reason == "bad-manifest"


def test_the_manifest_may_lie_elsewhere(folder: Path, tmp_path: Path) -> None:
    side = (folder / "manifest.json").rename(tmp_path / "side.json")
    Checkpoint(folder, "tiny", side).verify()


def test_sharded_weights_are_found_through_their_index(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "model-00001-of-00001.safetensors")
    write_json(folder / "model.safetensors.index.json", {"weight_map": {"lm_head": "model-00001-of-00001.safetensors"}})
    seal(folder)
    checkpoint = Checkpoint(folder, "tiny")
    checkpoint.verify()
    assert [path.name for path in checkpoint.weight_files] == ["model-00001-of-00001.safetensors"]


@pytest.mark.parametrize("name", ["../model.safetensors", "/etc/passwd", "a\\b.safetensors", "model.bin", "", 7])
def test_an_index_that_names_something_else_than_weights_is_refused(folder: Path, name: object) -> None:
    write_json(folder / "model.safetensors.index.json", {"weight_map": {"a": name}})
    seal(folder)
    assert refusal(folder).reason == "bad-name"


@pytest.mark.parametrize("content", [{}, {"weight_map": []}, {"weight_map": {}}])
def test_an_index_without_weights_is_refused(folder: Path, content: dict[str, object]) -> None:
    write_json(folder / "model.safetensors.index.json", content)
    seal(folder)
    assert refusal(folder).reason == "bad-config"


def test_info_tells_the_prompt_layer_what_it_needs(folder: Path) -> None:
    info = Checkpoint(folder, "tiny").info()
    assert (info.id, info.family, info.context_length, info.created) == ("tiny", "llama", 128, 7)
    assert info.chat_template == "{{ 1 }}"
    assert info.bos_token == ""
    assert info.eos_tokens == ("<|im_end|>", "<|endoftext|>")


def test_a_model_without_manifest_has_the_family_of_its_name(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    assert Checkpoint(folder, "SmolLM2-tiny").info().family == "smollm2"


def test_parameters_are_counted_from_the_headers(folder: Path) -> None:
    config = llama_config()
    embedding = config["vocab_size"] * 64
    layer = 64 * 64 * 2 + 32 * 64 * 2 + 3 * 64 * 96 + 2 * 64
    assert Checkpoint(folder, "tiny").num_parameters == embedding + 2 * layer + 64


def test_too_little_memory_is_refused_with_both_numbers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llama_assist.checkpoint.available_bytes", lambda: 1 << 28)
    with pytest.raises(ModelError, match=r"0\.4 GiB of memory in int4, but 0\.2 GiB") as caught:
        Checkpoint(folder, "tiny").check_memory("int4", fast_prefill=True, context_length=128, num_slots=1)
    assert caught.value.reason == "too-little-memory"


def test_enough_memory_is_no_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llama_assist.checkpoint.available_bytes", lambda: 1 << 30)
    Checkpoint(folder, "tiny").check_memory("int4", fast_prefill=True, context_length=128, num_slots=1)


def test_the_model_own_context_bounds_the_estimate(folder: Path) -> None:
    def estimate(context_length: int) -> int:
        return Checkpoint(folder, "tiny").estimate_memory(
            "bf16", fast_prefill=False, context_length=context_length, num_slots=2
        )

    assert estimate(64) < estimate(128) == estimate(100_000)
