"""The client sends what it must to whom it must, and turns whatever comes back into chunks or a typed error."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sse_server import DONE, TOKEN, USAGE, Script, SseServer, answer, delta, event, serve

from llama_assist import wire
from llama_assist.client import Client, EventParser, error_from
from llama_assist.errors import (
    AssistError,
    BusyError,
    ConnectError,
    ContextTooLongError,
    EngineCrashedError,
    EngineUnavailableError,
    InvalidRequestError,
    ModelError,
    ModelNotFoundError,
    SupersededError,
)

QUESTION = {"messages": [{"role": "user", "content": "你好 {x}"}]}


@pytest.fixture
def server() -> Iterator[SseServer]:
    with serve() as state:
        yield state


@pytest.fixture
def client(server: SseServer) -> Client:
    return Client(server.url, TOKEN)


def texts(chunks: Iterator[dict]) -> str:
    return "".join(choice["delta"]["content"] for chunk in chunks for choice in chunk["choices"])


def refusal(server: SseServer, client: Client, status: int, body: object, **headers: str) -> AssistError:
    block = json.dumps(body).encode() if body is not None else b"<html>"
    server.script = Script([block], status=status, headers={"Content-Type": "application/json", **headers})
    server.script.is_chunked = False
    with pytest.raises(AssistError) as caught:
        next(client.chat(QUESTION))
    return caught.value


def test_a_chat_streams_its_chunks(server: SseServer, client: Client) -> None:
    server.script = Script(answer("你好", ", ", "wörld 👋"))
    chunks = list(client.chat(QUESTION))
    assert texts(chunks) == "你好, wörld 👋"
    assert chunks[-1]["usage"]["prompt_tokens"] == 12


def test_the_request_is_openai_s_with_the_token_in_its_header_alone(server: SseServer, client: Client) -> None:
    server.script = Script(answer("ok"))
    list(client.complete({"prompt": "x", "max_tokens": 0}))
    request = server.requests[0]
    assert (request.method, request.path) == ("POST", "/llama-assist/v1/completions")
    assert request.body == {
        "prompt": "x",
        "max_tokens": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in request.path + json.dumps(request.body)


def test_text_that_is_no_unicode_still_arrives(server: SseServer, client: Client) -> None:
    server.script = Script(answer("ok"))
    assert texts(client.chat({"messages": [{"role": "user", "content": "a\ud800b"}]})) == "ok"
    assert server.requests[0].body["messages"][0]["content"] == "a\ud800b"


def test_nothing_is_sent_before_the_first_chunk_is_wanted(server: SseServer, client: Client) -> None:
    client.chat(QUESTION).close()
    assert server.requests == []


def test_documents_and_status_are_read(server: SseServer, client: Client) -> None:
    assert client.document("/a b/ü&c.ipynb") == {"notebook": None, "sharing": False}
    assert client.status() == {"state": "ready", "model": "tiny"}
    paths = ["/llama-assist/document?path=/a%20b/%C3%BC%26c.ipynb", "/llama-assist/status"]
    assert [request.path for request in server.requests] == paths


def test_closing_the_iterator_closes_the_connection(server: SseServer, client: Client) -> None:
    server.script = Script([delta("a"), delta("b")], hang=True)
    chunks = client.chat(QUESTION)
    next(chunks)
    chunks.close()
    assert server.closed.wait(60)


def test_an_interrupt_while_waiting_closes_the_connection(
    server: SseServer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: object, data: bytes) -> list[str]:
        raise KeyboardInterrupt

    server.script = Script([delta("a")], hang=True)
    monkeypatch.setattr(EventParser, "feed", interrupt)
    with pytest.raises(KeyboardInterrupt):
        next(client.chat(QUESTION))
    assert server.closed.wait(60)


def test_the_stream_ends_at_done_even_if_the_connection_stays(server: SseServer, client: Client) -> None:
    server.script = Script([delta("a"), DONE], hang=True)
    assert texts(client.chat(QUESTION)) == "a"
    assert server.closed.wait(60)


@pytest.mark.parametrize("is_chunked", [True, False])
def test_a_stream_that_breaks_off_is_never_taken_for_a_whole_answer(
    server: SseServer, client: Client, is_chunked: bool
) -> None:
    server.script = Script([delta("a"), USAGE], is_chunked=is_chunked)
    got = []
    with pytest.raises(ConnectError, match="incomplete"):
        got.extend(client.chat(QUESTION))
    # extend() keeps what came before the error
    assert texts(iter(got)) == "a"


def test_an_error_inside_the_stream_is_raised_as_its_type(server: SseServer, client: Client) -> None:
    error = {"message": "The engine ended.", "type": "server_error", "code": "engine_crashed"}
    server.script = Script([delta("a"), event({"error": error}), DONE])
    chunks = client.chat(QUESTION)
    assert next(chunks)["choices"]
    with pytest.raises(EngineCrashedError, match="The engine ended"):
        next(chunks)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "invalid_request_error", InvalidRequestError),
        (400, "context_length_exceeded", InvalidRequestError),
        (409, "superseded", SupersededError),
        (429, "rate_limit_exceeded", BusyError),
        (502, "engine_crashed", EngineCrashedError),
        (503, "engine_unavailable", EngineUnavailableError),
        (503, "model_error", ModelError),
        (500, "internal_error", AssistError),
        (404, "model_not_found", ModelNotFoundError),
        (413, None, InvalidRequestError),
        (404, None, InvalidRequestError),
        (503, None, EngineUnavailableError),
        (418, None, AssistError),
    ],
)
def test_each_error_body_maps_back_to_its_type(
    server: SseServer, client: Client, status: int, code: str | None, kind: type[AssistError]
) -> None:
    error = refusal(server, client, status, {"error": {"message": "Why not.", "code": code}})
    assert type(error) is kind
    assert str(error) == "Why not."


def test_errors_keep_their_details(server: SseServer, client: Client) -> None:
    error = refusal(server, client, 429, {"error": {"message": "Busy.", "code": None}}, **{"Retry-After": "7"})
    assert isinstance(error, BusyError)
    assert error.retry_after == 7
    error = error_from({"message": "x", "code": "context_length_exceeded", "num_tokens": 9, "limit": 5})
    assert isinstance(error, ContextTooLongError)
    assert (error.num_tokens, error.limit) == (9, 5)
    error = error_from({"message": "x", "code": "engine_unavailable", "state": "loading"})
    assert isinstance(error, EngineUnavailableError)
    assert error.state == "loading"
    error = error_from({"message": "x", "code": "invalid_request_error", "param": "seed"})
    assert isinstance(error, InvalidRequestError)
    assert error.param == "seed"
    error = error_from({"message": "x", "code": "model_error", "reason": "wrong-hash"})
    assert isinstance(error, ModelError)
    assert error.reason == "wrong-hash"


@pytest.mark.parametrize(
    "error",
    [
        InvalidRequestError("n is wrong.", "n"),
        ModelNotFoundError("No such model.", "model"),
        ContextTooLongError(5000, 4096),
        BusyError("Full.", retry_after=3),
        EngineUnavailableError("Loading.", state="loading"),
        EngineCrashedError("Ended."),
        SupersededError("Newer."),
        ModelError("Wrong.", reason="wrong-hash"),
        ConnectError("Not there."),
        AssistError("Something."),
    ],
)
def test_what_the_server_raised_is_what_the_client_raises(error: AssistError) -> None:
    headers = wire.error_headers(error)
    rebuilt = error_from(wire.error_body(error)["error"], error.status, headers.get("Retry-After", ""))
    assert type(rebuilt) is type(error)
    assert str(rebuilt) == str(error)
    assert vars(rebuilt) == vars(error)


@pytest.mark.parametrize("body", [None, [], {}, {"message": "Internal"}, {"error": "text"}])
def test_a_failure_without_openai_s_shape_names_its_status(server: SseServer, client: Client, body: object) -> None:
    assert "500" in str(refusal(server, client, 500, body))


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_says_what_to_check(server: SseServer, status: int) -> None:
    server.script = Script(status=status)
    for token in (TOKEN, "wrong"):
        with pytest.raises(ConnectError, match="restart this kernel"):
            next(Client(server.url, token).chat(QUESTION))


def test_a_server_without_the_extension_says_what_to_install(server: SseServer, client: Client) -> None:
    error = refusal(server, client, 404, {"message": "Not found", "reason": None})
    assert isinstance(error, ConnectError)
    assert "jupyter server extension list" in str(error)


def test_no_redirect_is_followed(server: SseServer, client: Client) -> None:
    with serve() as decoy:
        error = refusal(server, client, 302, {}, Location=decoy.url)
        assert isinstance(error, ConnectError)
        assert decoy.requests == []


def test_no_proxy_is_used(server: SseServer, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    server.script = Script(answer("ok"))
    with serve() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert texts(client.chat(QUESTION)) == "ok"
        assert proxy.requests == []


def test_an_unreachable_server_is_a_clear_error() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectError, match="cannot be reached"):
            Client(f"http://127.0.0.1:{unused.getsockname()[1]}/llama-assist/", TOKEN).status()


def test_what_is_not_ours_is_not_taken_for_an_answer(server: SseServer, client: Client) -> None:
    server.script = Script([b"<html>hello</html>"], headers={"Content-Type": "text/html"})
    with pytest.raises(ConnectError, match="does not stream"):
        next(client.chat(QUESTION))
    server.script = Script([b"data: [1]\n\n"])
    with pytest.raises(ConnectError, match="no JSON object"):
        next(client.chat(QUESTION))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h/",
        "127.0.0.1:8888",
        "http://user:pass@h/llama-assist/",
        "http://h/llama-assist/?token=secret",
        "http:///",
    ],
)
def test_a_url_that_would_leak_or_fail_is_refused(url: str) -> None:
    with pytest.raises(ConnectError, match="must look like"):
        Client(url, TOKEN)


@pytest.mark.parametrize("token", ["a b", "a\nb", "ä", "a\x00"])
def test_a_token_that_no_header_can_hold_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(ConnectError) as caught:
        Client("http://127.0.0.1/llama-assist/", token)
    assert token not in str(caught.value)


def test_the_token_is_not_shown() -> None:
    client = Client("http://127.0.0.1:1/llama-assist", TOKEN)
    assert TOKEN not in repr(client)
    assert TOKEN not in str(client)
    with pytest.raises(ConnectError) as caught:
        client.status()
    assert TOKEN not in str(caught.value)


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs unix sockets")
def test_a_unix_socket_is_spoken_to(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(1)

        def reply() -> None:
            connection, _ = listener.accept()
            with connection:
                request = connection.recv(65536)
                assert request.startswith(b"GET /base/llama-assist/status HTTP/1.1")
                connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"state":"x"}  ')

        thread = threading.Thread(target=reply)
        thread.start()
        url = "http+unix://" + str(path).replace("/", "%2F") + "/base/llama-assist/"
        assert Client(url, TOKEN).status() == {"state": "x"}
        thread.join()


STREAM = (
    '\ufeff: comment\r\n\r\ndata: {"a": "你好 👋"}\r\n\r\nevent: x\rid: 1\rdata:one\rdata: two\r\r'
    "data\n\nretry: 1\n\ndata:  spaced\nother: y\n\n: ping\n\ndata: [DONE]\n\ndata: unfinished"
).encode()
EVENTS = ['{"a": "你好 👋"}', "one\ntwo", "", " spaced", "[DONE]"]


def test_events_are_read_by_the_standard() -> None:
    assert EventParser().feed(STREAM) == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=30))
def test_events_do_not_depend_on_where_the_bytes_are_cut(cuts: list[int]) -> None:
    parser = EventParser()
    bounds = [0, *sorted(cuts), len(STREAM)]
    got = [data for start, end in pairwise(bounds) for data in parser.feed(STREAM[start:end])]
    assert got == EVENTS


def test_events_survive_byte_by_byte_arrival() -> None:
    parser = EventParser()
    assert [data for i in range(len(STREAM)) for data in parser.feed(STREAM[i : i + 1])] == EVENTS


@given(st.binary(max_size=200))
def test_no_bytes_make_the_parser_fail(block: bytes) -> None:
    EventParser().feed(block)


def test_a_task_is_streamed_to_its_route(server: SseServer) -> None:
    server.script = Script(answer("It ", "is."))
    client = Client(server.url, TOKEN)
    body = {"task": "explain", "document": {"cells": [{"source": "x"}]}}
    texts = [chunk["choices"][0]["delta"]["content"] for chunk in client.task(body) if chunk["choices"]]
    assert "".join(texts) == "It is."
    assert server.requests[0].path == "/llama-assist/v1/tasks"
    assert server.requests[0].body == {**body, "stream": True, "stream_options": {"include_usage": True}}


def test_models_are_loaded_unloaded_and_downloaded_by_their_route(server: SseServer) -> None:
    client = Client(server.url, TOKEN)
    server.script = Script([b'{"state": "ready"}'], headers={"Content-Type": "application/json"}, is_chunked=False)
    assert client.load("tiny") == client.unload() == {"state": "ready"}
    server.script = Script([event({"progress": {"file": "download", "done": 1, "total": 2}}), DONE])
    assert [report["progress"]["done"] for report in client.download("tiny")] == [1]
    assert [request.path for request in server.requests] == ["/llama-assist/model"] * 3
    assert [request.body["action"] for request in server.requests] == ["load", "unload", "download"]


def test_a_preview_of_a_task_generates_nothing(server: SseServer) -> None:
    server.script = Script([b'{"tokens": 12}'], headers={"Content-Type": "application/json"}, is_chunked=False)
    assert Client(server.url, TOKEN).preview({"task": "explain"}) == {"tokens": 12}
    assert server.requests[0].body == {"task": "explain", "preview": True}
