"""People with keys may ask the model, each up to a limit, and nothing else of the server."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest
from fake_assistant import FakeAssistant, script_of
from tornado.httpclient import HTTPResponse
from traitlets.config import Config

from llama_assist.server.keys import OWNER, KeyFileAuthorizer, KeyFileIdentity, add_key, digest
from llama_assist.types import Chunk

BODY = json.dumps({"prompt": "x"})


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    file = tmp_path / "keys.txt"
    add_key(file, "ada", "key-of-ada")
    add_key(file, "bob", "key-of-bob")
    return file


@pytest.fixture
def jp_server_config(jp_server_config: Config, keys: Path) -> Config:
    jp_server_config.ServerApp.identity_provider_class = KeyFileIdentity
    jp_server_config.ServerApp.authorizer_class = KeyFileAuthorizer
    jp_server_config.KeyFileIdentity.keys_file = str(keys)
    return jp_server_config


@pytest.fixture
def ask(jp_fetch: Any) -> Any:
    async def ask(path: str, key: str, method: str = "GET", body: str | None = None) -> HTTPResponse:
        headers = {"Authorization": f"Bearer {key}"}
        response: HTTPResponse = await jp_fetch(
            *path.split("/"),
            method=method,
            body=body,
            headers=headers,
            raise_error=False,
            allow_nonstandard_methods=True,
        )
        return response

    return ask


def rewrite(keys: Path, *lines: str) -> None:
    """Put other lines into the file; without any it is gone."""
    keys.unlink()
    if lines:
        keys.write_text("\n".join(lines), encoding="utf-8")
        os.utime(keys, (len(lines), len(lines)))


async def test_a_key_opens_the_model(ask: Any, assistant: FakeAssistant) -> None:
    response = await ask("llama-assist/v1/completions", "key-of-ada", "POST", BODY)
    assert response.code == 200
    assert [request.user for request in assistant.requests] == ["ada"]
    assert not response.headers.get_list("Set-Cookie"), "a cookie would outlive the key"
    assert (await ask("llama-assist/status", "key-of-bob")).code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "api/contents", None),
        ("POST", "api/kernels", "{}"),
        ("GET", "api/sessions", None),
        ("GET", "api/config/x", None),
        ("POST", "api/terminals", "{}"),
        ("POST", "api/shutdown", ""),
        ("POST", "llama-assist/model", '{"action": "unload"}'),
    ],
)
async def test_a_key_opens_nothing_else(
    ask: Any, assistant: FakeAssistant, method: str, path: str, body: str | None
) -> None:
    assert (await ask(path, "key-of-ada", method, body)).code in (403, 404)
    assert assistant.backend.num_stops == 0


async def test_the_servers_own_token_still_opens_everything(jp_fetch: Any, assistant: FakeAssistant) -> None:
    assert (await jp_fetch("api", "contents")).code == 200
    assert (await jp_fetch("llama-assist", "v1", "completions", method="POST", body=BODY)).code == 200
    assert assistant.requests[0].user == OWNER


@pytest.mark.parametrize("key", ["wrong", "", "key-of-ad", "key-of-ada2", digest("key-of-ada")])
async def test_no_other_key_opens_anything(ask: Any, assistant: FakeAssistant, key: str) -> None:
    assert (await ask("llama-assist/v1/completions", key, "POST", BODY)).code == 403
    assert assistant.requests == []


async def test_a_key_in_the_address_is_none(ask: Any, jp_fetch: Any) -> None:
    response = await jp_fetch(
        "llama-assist", "status", params={"token": "key-of-ada"}, headers={"Authorization": ""}, raise_error=False
    )
    assert response.code == 403


async def test_a_key_that_is_taken_away_is_shut_out_at_once(ask: Any, keys: Path) -> None:
    assert (await ask("llama-assist/status", "key-of-ada")).code == 200
    rewrite(keys, f"bob {digest('key-of-bob')}")
    assert (await ask("llama-assist/status", "key-of-ada")).code == 403
    assert (await ask("llama-assist/status", "key-of-bob")).code == 200
    rewrite(keys)
    assert (await ask("llama-assist/status", "key-of-bob")).code == 403


async def test_a_line_that_is_none_lets_nobody_in_and_is_named_without_its_text(
    ask: Any, keys: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lines = ["# people", "", f"ada {digest('key-of-ada')}  # since May", f"{OWNER} {digest('boss')}", "bob key-of-bob"]
    rewrite(keys, *lines)
    assert (await ask("llama-assist/status", "key-of-ada")).code == 200
    assert (await ask("llama-assist/status", "boss")).code == 403
    assert (await ask("llama-assist/status", "key-of-bob")).code == 403
    assert "Line 5" in caplog.text
    assert "key-of-bob" not in caplog.text


async def test_one_person_too_many_requests_and_another_is_answered(ask: Any, assistant: FakeAssistant) -> None:
    assistant.config.max_user_queue = 1
    assistant.script = script_of(0.5, Chunk("x"), Chunk(finish_reason="stop"))
    first = asyncio.ensure_future(ask("llama-assist/v1/completions", "key-of-ada", "POST", BODY))
    await assistant.opened.wait()
    refused = await ask("llama-assist/v1/completions", "key-of-ada", "POST", BODY)
    assert (refused.code, refused.headers["Retry-After"]) == (429, "1")
    assert (await ask("llama-assist/v1/completions", "key-of-bob", "POST", BODY)).code == 200
    assert (await first).code == 200
    assert (await ask("llama-assist/v1/completions", "key-of-ada", "POST", BODY)).code == 200


def test_a_new_key_takes_the_place_of_the_old_one(keys: Path) -> None:
    made = add_key(keys, "ada")
    text = keys.read_text(encoding="utf-8")
    assert digest(made) in text
    assert digest("key-of-ada") not in text
    assert digest("key-of-bob") in text
    assert made not in text


@pytest.mark.parametrize("name", ["", OWNER, "a b", "a\nb", "a#b"])
def test_a_name_that_would_break_the_file_is_refused(keys: Path, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        add_key(keys, name)
