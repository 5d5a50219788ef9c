from __future__ import annotations

import shutil
from pathlib import Path

from llama_assist.models.listing import list_models
from llama_assist.models.store import Store


def test_the_catalogue_is_listed_with_sizes_and_licences(tmp_path: Path) -> None:
    models = list_models(Store(tmp_path))

    assert models[0]["id"] == "qwen2.5-coder-0.5b-instruct"
    assert models[0]["license"] == "Apache-2.0"
    assert not any(model["present"] for model in models)
    assert not any(tmp_path.iterdir())


def test_a_damaged_model_is_listed_as_such(tmp_path: Path, tiny_home: Path) -> None:
    shutil.copytree(tiny_home, tmp_path / "home")
    listed = {model["id"]: model for model in list_models(Store(tmp_path / "home"))}
    assert listed["tiny"]["state"] == "installed"
    assert listed["tiny"]["parameters"] > 0

    (tmp_path / "home" / "checkpoints" / "tiny" / "model.safetensors").write_bytes(b"x")
    listed = {model["id"]: model for model in list_models(Store(tmp_path / "home"))}
    assert listed["tiny"]["state"] == "damaged"
    assert listed["tiny"]["parameters"] is None
