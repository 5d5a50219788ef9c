"""Settings reach the assistant, nothing heavy is loaded, and the engine starts and ends with the server."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from fake_assistant import FakeAssistant
from traitlets.config import Config

import llama_assist.server
from llama_assist.errors import ModelError
from llama_assist.server.app import LlamaAssistApp, describe
from llama_assist.server.routes import routes

SERVER = Path(llama_assist.server.__path__[0])


def extension(app: Any) -> LlamaAssistApp:
    return app.extension_manager.extension_points["llama_assist"].app


async def start(app: Any) -> None:
    """Start the extension, and let what it starts begin."""
    await extension(app)._start_jupyter_server_extension(app)
    for _ in range(10):
        await asyncio.sleep(0)


def test_the_configuration_enables_the_extension():
    config = json.loads((SERVER / "jupyter_server_config.json").read_text("utf-8"))
    assert config == {"ServerApp": {"jpserver_extensions": {"llama_assist": True}}}


def test_settings_are_taken_from_the_command_line(jp_configurable_serverapp, jp_server_config):
    app = jp_configurable_serverapp(config=jp_server_config, argv=["--Assist.model=smol", "--Assist.max_queue=3"])
    assert (extension(app).assist.model, extension(app).assist.max_queue) == ("smol", 3)


def test_settings_are_taken_from_the_server_configuration(jp_configurable_serverapp, jp_server_config):
    app = jp_configurable_serverapp(config=Config({**jp_server_config, "Assist": {"model": "smol"}}))
    assert extension(app).assist.model == "smol"


def test_settings_are_taken_from_the_own_configuration_file(jp_configurable_serverapp, jp_server_config, jp_config_dir):
    (jp_config_dir / "jupyter_llama_assist_config.py").write_text("c.Assist.model = 'smol'\n", "utf-8")
    app = jp_configurable_serverapp(config=jp_server_config)
    assert extension(app).assist.model == "smol"


async def test_the_engine_does_not_start_with_the_server(jp_serverapp, assistant: FakeAssistant):
    await start(jp_serverapp)
    assert assistant.backend.num_starts == 0


async def test_the_engine_starts_with_the_server_where_preload_is_set(jp_serverapp, assistant: FakeAssistant):
    extension(jp_serverapp).assist.preload = True
    await start(jp_serverapp)
    assert assistant.backend.num_starts == 1


async def test_a_failing_preload_is_a_warning(jp_serverapp, assistant: FakeAssistant, monkeypatch, caplog):
    async def fail() -> None:
        raise ModelError("The weights are not there.", reason="missing")

    monkeypatch.setattr(assistant.backend, "start", fail)
    extension(jp_serverapp).assist.preload = True
    await start(jp_serverapp)
    assert [record.levelname for record in caplog.records if "weights are not there" in record.getMessage()] == [
        "WARNING"
    ]


async def test_the_engine_ends_with_the_server(jp_serverapp, assistant: FakeAssistant):
    await jp_serverapp.extension_manager.stop_all_extensions()
    assert assistant.backend.num_stops == 1


def test_the_server_process_loads_no_engine():
    code = "import sys, llama_assist.server.app, llama_assist.server.routes; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert "llama_assist.server.routes" in loaded
    assert not {"torch", "transformers", "tokenizers", "llama_assist.engine", "IPython"} & set(loaded)


def test_the_specification_names_every_route_and_method():
    spec = yaml.safe_load((SERVER / "rest-api.yml").read_text("utf-8"))
    written = {(path, method) for path, methods in spec["paths"].items() for method in methods}
    served = {
        (re.sub("^/llama-assist", "", path), method.lower())
        for path, handler, _ in routes(FakeAssistant())
        for method in handler.SUPPORTED_METHODS
    }
    assert written == served


@pytest.mark.parametrize("is_generated", [True, False])
def test_a_server_of_its_own_prints_its_address_and_a_key_that_it_made_up(jp_serverapp, monkeypatch, is_generated):
    monkeypatch.setattr(jp_serverapp.identity_provider, "token_generated", is_generated)
    text = describe(jp_serverapp)
    assert f"{jp_serverapp.connection_url}llama-assist/v1" in text
    assert (jp_serverapp.identity_provider.token in text) == is_generated
