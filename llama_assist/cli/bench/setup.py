"""What was measured on what: names and versions, no paths."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from llama_assist import __version__
from llama_assist.types import ModelInfo, Status


def describe_setup(model: ModelInfo, status: Status, gguf: Path | None) -> dict[str, str]:
    """Return engine, model, machine and rival by name."""
    setup = {
        "model": model.id,
        "engine": f"llama_assist {__version__}, torch {version('torch')}, {status.weights} on {status.device}",
        "machine": f"{platform.system()} {platform.machine()}, {available_cores()} cores, Python "
        f"{platform.python_version()}",
    }
    if gguf is not None:
        setup["llama.cpp"] = f"llama-cpp-python {version('llama-cpp-python')}, {gguf.name}"
    return setup


def available_cores() -> int:
    """Return the cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
