"""A hostile or broken model folder is refused with a reason, and nothing of it runs."""

from __future__ import annotations

import json
import pickle
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from model_files import llama_config, safetensors_bytes, tokenizer_json, write_json, write_model_folder

from llama_assist.errors import ModelError
from llama_assist.models.folder import check_folder, readable_files


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (Path.touch, (self.canary,))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model_folder(tmp_path / "model")


def reason_of(folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        check_folder(folder, "model")
    assert not list(folder.parent.rglob("canary"))
    return caught.value.reason


def test_a_plain_folder_is_accepted(model: Path) -> None:
    checkpoint = check_folder(model, "model")
    assert checkpoint.native
    assert readable_files(checkpoint) == ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"]


def test_a_header_whose_length_looks_like_a_pickle_is_accepted(model: Path) -> None:
    path = model / "model.safetensors"
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    padded = 0x10280  # 80 02 01 00 ...: how a pickle of protocol 2 begins
    path.write_bytes(padded.to_bytes(8, "little") + raw[8 : 8 + length].ljust(padded) + raw[8 + length :])
    check_folder(model, "model")


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "a.pth", "b.pkl", "c.ckpt", "README", "D.BIN"])
def test_pickles_are_refused_by_name_and_by_content(model: Path, name: str) -> None:
    (model / name).write_bytes(pickle.dumps(Bomb(model / "canary")))
    assert reason_of(model) == "pickle-weights"


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_under_the_name_of_safetensors_is_refused(model: Path, protocol: int) -> None:
    (model / "model.safetensors").write_bytes(pickle.dumps(Bomb(model / "canary"), protocol))
    assert reason_of(model) == "pickle-weights"


def test_an_archive_of_torch_under_the_name_of_safetensors_is_refused(model: Path) -> None:
    with zipfile.ZipFile(model / "model.safetensors", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Bomb(model / "canary")))
    assert reason_of(model) == "pickle-weights"


def test_weights_that_end_early_are_truncated(model: Path) -> None:
    path = model / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    assert reason_of(model) == "truncated"


def missing_tensor(model: Path) -> None:
    (model / "model.safetensors").write_bytes(safetensors_bytes({}))


def million_tensors(model: Path) -> None:
    entry = '"%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
    header = ("{" + ",".join(entry % number for number in range(120_000)) + "}").encode()
    (model / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)


def hostile_tokenizer(model: Path) -> None:
    content = tokenizer_json()
    content["model"]["vocab"] = "no vocabulary"
    write_json(model / "tokenizer.json", content)


def huge_tokenizer(model: Path) -> None:
    with (model / "tokenizer.json").open("r+b") as file:
        file.truncate(65 << 20)


def link_out(model: Path) -> None:
    secret = model.parent / "secret.json"
    secret.write_text("{}")
    (model / "generation_config.json").symlink_to(secret)


def link_to_sibling(model: Path) -> None:
    sibling = write_model_folder(model.with_name("model-evil"))
    (model / "model.safetensors").unlink()
    (model / "model.safetensors").symlink_to(sibling / "model.safetensors")


def escaping_index(model: Path) -> None:
    write_json(model / "model.safetensors.index.json", {"weight_map": {"a": "../../secret.safetensors"}})


LOOP = "{% for a in range(99999) %}"
ENDLESS = LOOP * 4 + "{% endfor %}" * 4
ESCAPE = "{{ ''.__class__.__mro__[1].__subclasses__() }}"

HOSTILE: list[tuple[str, Callable[[Path], object]]] = [
    ("remote-code", lambda model: write_json(model / "config.json", llama_config(auto_map={"AutoModel": "x.Y"}))),
    ("remote-code", lambda model: write_json(model / "config.json", llama_config(_attn_implementation_internal="a/b"))),
    ("remote-code", lambda model: write_json(model / "config.json", llama_config(custom_pipelines={"x": {}}))),
    ("remote-code", lambda model: write_json(model / "tokenizer_config.json", {"auto_map": {"AutoTokenizer": "x.Y"}})),
    ("remote-code", lambda model: write_json(model / "generation_config.json", {"a": {"trust_remote_code": True}})),
    ("unknown-architecture", lambda model: write_json(model / "config.json", {"hidden_size": 8})),
    ("unsupported-form", lambda model: write_json(model / "config.json", llama_config(quantization_config={}))),
    ("bad-config", lambda model: write_json(model / "config.json", llama_config(num_hidden_layers=1 << 30))),
    ("bad-config", lambda model: (model / "config.json").write_bytes(b"[" * 200_000)),
    ("bad-config", lambda model: (model / "tokenizer_config.json").write_bytes(b"\0")),
    ("missing-file", lambda model: (model / "config.json").unlink()),
    ("no-tokenizer", lambda model: (model / "tokenizer.json").unlink()),
    ("bad-tokenizer", hostile_tokenizer),
    ("bad-tokenizer", huge_tokenizer),
    ("bad-template", lambda model: (model / "chat_template.jinja").write_text("{{ 1 }}" * 20_000)),
    ("bad-template", lambda model: (model / "chat_template.jinja").write_text(ENDLESS)),
    ("bad-template", lambda model: (model / "chat_template.jinja").write_text(ESCAPE)),
    ("bad-template", lambda model: (model / "chat_template.jinja").write_text("{{ 'x' * 10**12 }}")),
    ("no-weights", lambda model: (model / "model.safetensors").unlink()),
    ("bad-safetensors", million_tensors),
    ("bad-safetensors", lambda model: (model / "model.safetensors").write_bytes(b"\xff" * 100)),
    ("bad-tensors", missing_tensor),
    ("bad-tensors", lambda model: write_json(model / "config.json", llama_config(hidden_size=128))),
    ("bad-name", escaping_index),
    ("symlink-outside", link_out),
    ("symlink-outside", link_to_sibling),
]


@pytest.mark.parametrize(("reason", "spoil"), HOSTILE)
def test_a_hostile_folder_is_refused_with_its_reason(model: Path, reason: str, spoil: Callable[[Path], object]) -> None:
    if sys.platform == "win32" and reason == "symlink-outside":
        pytest.skip("links need a privilege on Windows")
    spoil(model)
    assert reason_of(model) == reason


def test_links_inside_the_folder_are_fine(model: Path) -> None:
    (model / "weights.safetensors").write_bytes((model / "model.safetensors").read_bytes())
    (model / "model.safetensors").unlink()
    (model / "model.safetensors").symlink_to("weights.safetensors")
    check_folder(model, "model")


def test_code_beside_the_weights_is_never_run(model: Path) -> None:
    for name in ("modeling_llama.py", "tokenizers.py", "sitecustomize.py", "__init__.py"):
        (model / name).write_text(f"open({str(model / 'canary')!r}, 'w')")
    check_folder(model, "model")
    assert not (model / "canary").exists()


def test_a_folder_of_another_architecture_is_left_to_transformers(model: Path) -> None:
    write_json(model / "config.json", {"model_type": "gpt_bigcode", "n_positions": 77, "auto": json.dumps({})})
    checkpoint = check_folder(model, "model")
    assert not checkpoint.native
    assert checkpoint.info().context_length == 77


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert reason_of(tmp_path / "none") == "missing-file"
