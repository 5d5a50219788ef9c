"""Models that are installed on this machine; tests that need one that is not are skipped with the reason."""

from __future__ import annotations

import pytest

from llama_assist.checkpoint import Checkpoint
from llama_assist.models.store import Store

SMALL = "smollm2-135m-instruct"
DEFAULT = "qwen2.5-coder-0.5b-instruct"


def installed(model: str) -> Checkpoint:
    """Return a model of LLAMA_ASSIST_HOME, or skip the test."""
    checkpoint = Store().find(model)
    if checkpoint is None:
        pytest.skip(f"{model} is not installed; `llama-assist model pull {model}` fetches it")
    return checkpoint
