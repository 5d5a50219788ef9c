"""The very requests that editors' plugins send, answered with what they read: one file a request in `clients/`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fake_assistant import MODEL, FakeAssistant, script_of

from llama_assist.errors import BusyError, EngineCrashedError
from llama_assist.types import ChatRequest, Chunk, CompletionRequest, Usage

CLIENTS = {
    path.stem: json.loads(path.read_text("utf-8")) for path in Path(__file__).parent.joinpath("clients").iterdir()
}
GENERATING = {name: client for name, client in CLIENTS.items() if client["asked"]}
WARM_UPS = [name for name, client in CLIENTS.items() if client["asked"] is None and "show" not in name]
STREAMED = [name for name, client in CLIENTS.items() if "streamed" in client]
TEXT = "Hello 世界"


def value_at(body: Any, path: list[Any]) -> Any:
    """Return what stands at a path, which must be there."""
    for name in path:
        body = body[name]
    return body


def objects(body: bytes, streamed: str) -> list[dict[str, Any]]:
    """Return the objects of a streamed body as its client takes it apart."""
    lines = [line for line in body.decode().split("\n") if line]
    if streamed == "lines":
        return [json.loads(line) for line in lines]
    return [json.loads(line.removeprefix("data: ")) for line in lines if line != "data: [DONE]"]


def said(pieces: list[dict[str, Any]], path: list[Any]) -> str:
    """Return the text of the pieces, each of which may leave it out as the client allows."""
    texts = []
    for piece in pieces:
        try:
            texts.append(value_at(piece, path))
        except (KeyError, IndexError):
            continue
    return "".join(text for text in texts if text)


def asked(request: CompletionRequest) -> dict[str, Any]:
    """Return what a fixture says of a request."""
    document = request.document
    return {
        "prefix": request.prefix,
        "suffix": request.suffix,
        "snippets": [cell.source for cell in document.cells[:-1]] if document else [],
        "language": document.language if document else "python",
        "max_tokens": request.sampling.max_tokens,
        "n": request.n,
        "stop": list(request.sampling.stop),
    }


def check(found: Any, expected: Any) -> None:
    match expected:
        case "a number":
            assert isinstance(found, (int, float))
            assert not isinstance(found, bool)
            assert found >= 0
        case "a text":
            assert isinstance(found, str)
            assert found
        case _:
            assert found == expected


@pytest.mark.parametrize("name", GENERATING)
async def test_the_request_of_a_client_becomes_the_place_of_its_cursor(post, assistant: FakeAssistant, name):
    client = CLIENTS[name]
    assert (await post(client["route"], client["body"])).code == 200
    (request,) = assistant.requests
    assert asked(request) == client["asked"]
    assert not request.raw
    assert request.manual
    assert "SECRET" not in repr(request)


@pytest.mark.parametrize("name", CLIENTS)
async def test_a_client_finds_what_it_reads(post, name):
    client = CLIENTS[name]
    response = await post(client["route"], client["body"])
    pieces = objects(response.body, client["streamed"]) if "streamed" in client else [json.loads(response.body)]
    for path, expected in client["reads"]:
        check(value_at(pieces[-1], path), expected)
    if client.get("only_reads"):
        assert {path[0] for path, _ in client["reads"]} == pieces[0].keys()


@pytest.mark.parametrize("name", STREAMED)
async def test_a_streaming_client_reads_the_whole_text(post, name):
    client = CLIENTS[name]
    response = await post(client["route"], client["body"])
    kind = {"lines": "application/x-ndjson", "events": "text/event-stream"}[client["streamed"]]
    assert response.headers["Content-Type"] == kind
    text = said(objects(response.body, client["streamed"]), client["said"])
    assert text == ("" if name in WARM_UPS else TEXT)
    assert response.body.endswith(b"data: [DONE]\n\n") == client.get("done", False)


@pytest.mark.parametrize("name", WARM_UPS)
async def test_a_warm_up_without_text_loads_the_model_and_writes_nothing(post, assistant: FakeAssistant, name):
    assert (await post(CLIENTS[name]["route"], CLIENTS[name]["body"])).code == 200
    assert assistant.backend.num_starts == 1
    assert assistant.requests == []


async def test_a_warm_up_at_a_cursor_reads_the_prompt_and_keeps_the_text_to_itself(post, assistant: FakeAssistant):
    response = await post("infill", {"input_prefix": "x = ", "input_suffix": "\n", "n_predict": 0})
    body = json.loads(response.body)
    assert (body["content"], body["tokens_evaluated"], body["tokens_predicted"]) == ("", 7, 0)
    assert assistant.requests[0].sampling.max_tokens == 1


async def test_a_streamed_warm_up_says_nothing_but_the_numbers(post):
    response = await post("infill", {"input_prefix": "x = ", "n_predict": 0, "stream": True})
    (last,) = objects(response.body, "events")
    assert (last["content"], last["stop"]) == ("", True)


@pytest.mark.parametrize("name", STREAMED)
async def test_an_error_in_the_stream_is_the_last_object_of_the_client(post, assistant, name):
    client = CLIENTS[name]
    if not client["asked"]:
        return
    assistant.script = script_of(Chunk("half"), EngineCrashedError("The engine ended."))
    response = await post(client["route"], client["body"])
    last = objects(response.body, client["streamed"])[-1]
    error = last["error"]
    assert "The engine ended." in (error if client["streamed"] == "lines" and "api/" in client["route"] else str(error))
    assert b"[DONE]" not in response.body
    assert not last.get("done", False)


@pytest.mark.parametrize("route", ["api/generate", "api/chat"])
async def test_ollamas_clients_read_an_error_as_one_sentence(post, assistant, route):
    body = {"prompt": "Hi", "messages": [{"role": "user", "content": "Hi"}]}
    assistant.script = script_of(BusyError("Full.", retry_after=3))
    response = await post(route, body)
    assert (response.code, json.loads(response.body)) == (429, {"error": "Full."})
    assert response.headers["Retry-After"] == "3"
    response = await post(route, {**body, "model": "gpt-9"})
    assert response.code == 404
    assert "gpt-9" in json.loads(response.body)["error"]


async def test_an_ollama_name_may_carry_its_tag(post):
    response = await post("api/generate", {"model": f"{MODEL}:latest", "prompt": "Hi", "stream": False})
    assert json.loads(response.body)["response"] == TEXT
    assert json.loads((await post("api/show", {"model": f"{MODEL}:latest"})).body)["capabilities"] == [
        "completion",
        "insert",
    ]


async def test_a_bare_prompt_to_ollama_is_a_question_and_a_raw_one_is_continued(post, assistant):
    await post("api/generate", {"prompt": "Hi", "system": "Be short."})
    await post("api/generate", {"prompt": "x = ", "raw": True})
    question, text = assistant.requests
    assert isinstance(question, ChatRequest)
    assert [message.content for message in question.messages] == ["Be short.", "Hi"]
    assert question.sampling.max_tokens == 1024
    assert (text.prefix, text.raw) == ("x = ", True)


async def test_a_chat_in_ollamas_shape(post, assistant):
    messages = [{"role": "user", "content": "Hi"}]
    response = await post("api/chat", {"model": MODEL, "messages": messages})
    *pieces, last = objects(response.body, "lines")
    assert said(pieces, ["message", "content"]) == TEXT
    assert last["message"] == {"role": "assistant", "content": ""}
    response = await post("api/chat", {"model": MODEL, "messages": messages, "stream": False})
    assert json.loads(response.body)["message"]["content"] == TEXT


async def test_an_answer_ends_where_the_client_wants_it_and_frees_the_engine(post, assistant: FakeAssistant):
    usage = Usage(7, 2, 4)
    assistant.script = script_of(
        Chunk("a\n    b"), Chunk("\nc = 1\n"), Chunk("never", usage=usage), 3600.0, Chunk(finish_reason="stop")
    )
    response = await post("infill", {"input_prefix": "x = ", "n_indent": 4})
    body = json.loads(response.body)
    assert (body["content"], body["stop_type"]) == ("a\n    b", "eos")
    assert assistant.num_open == 0


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_tabbys_plugins_complete_because_health_names_a_model(jp_fetch, method, assistant: FakeAssistant):
    body = None if method == "GET" else ""
    response = await jp_fetch("llama-assist", "v1", "health", method=method, body=body)
    health = json.loads(response.body)
    assert (health["model"], health["device"], health["cuda_devices"]) == (MODEL, "cpu", [])
    assert health["version"]["git_describe"].startswith("v")
    assert health["cpu_count"] > 0
    assert assistant.backend.num_starts == 0


async def test_tabbys_events_are_counted(jp_fetch, get):
    for kind, select in [("view", ""), ("select", ""), ("select", "line"), ("dismiss", ""), ("other", "")]:
        event = {"type": kind, "completion_id": "cmpl-1", "choice_index": 0, "view_id": "v", "elapsed": 12}
        params = {"select_kind": select} if select else {}
        response = await jp_fetch(
            "llama-assist", "v1", "events", method="POST", body=json.dumps(event), params=params, raise_error=False
        )
        assert response.code == 204
    usage = json.loads((await get("status")).body)["usage"]
    assert usage == {"shown": 1, "accepted": 1, "accepted_part": 1, "dismissed": 1, "characters_saved": 0}


async def test_what_tabby_edits_elsewhere_is_refused_by_name(post):
    body = {**CLIENTS["tabby"]["body"], "mode": "next_edit_suggestion"}
    response = await post("v1/completions", body)
    assert (response.code, json.loads(response.body)["error"]["param"]) == (400, "mode")


@pytest.mark.parametrize(("state", "code"), [("ready", 200), ("stopped", 200), ("loading", 503), ("failed", 503)])
async def test_health_is_that_of_the_engine(get, assistant, monkeypatch, state, code):
    status = assistant.backend.status()
    monkeypatch.setattr(assistant.backend, "status", lambda: type(status)(state=state, model=MODEL))
    assert (await get("health")).code == code


async def test_props_and_tags_name_the_model(get):
    props = json.loads((await get("props")).body)
    assert (props["model_alias"], props["default_generation_settings"]) == (MODEL, {"n_ctx": 4096})
    (model,) = json.loads((await get("api/tags")).body)["models"]
    assert (model["name"], model["model"], model["details"]["quantization_level"]) == (MODEL, MODEL, "int4")


async def test_without_a_key_the_answer_says_what_to_send(jp_serverapp, http_server_client):
    response = await http_server_client.fetch("/a%40b/llama-assist/infill", method="POST", body="{}", raise_error=False)
    assert response.code == 403
    assert "Authorization: Bearer" in json.loads(response.body)["error"]["message"]
