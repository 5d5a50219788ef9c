"""The address of a remote engine, whose key it gets, and which backend serves whom."""

from __future__ import annotations

import pytest
from remote_engine import fake_engine, stream

from llama_assist.assistant import Assistant
from llama_assist.backends.choose import find_backend, make_backend, make_chat_backend
from llama_assist.backends.local import LocalBackend
from llama_assist.backends.remote import RemoteBackend, read_endpoint
from llama_assist.backends.remote.endpoint import KEY_VARIABLE
from llama_assist.config import Assist
from llama_assist.errors import InvalidRequestError, ModelNotFoundError
from llama_assist.types import ChatRequest, CompletionRequest, Message, SamplingParams

GPU, OTHER = "https://gpu.example:8000/v1", "https://chat.example/v1"
AT_GPU = "https://gpu.example:8000"


@pytest.mark.parametrize(
    ("url", "origin", "target"),
    [
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000", "/v1/models"),
        ("https://GPU.example/v1/", "https://gpu.example", "/v1/models"),
        ("https://gpu.example:443/", "https://gpu.example", "/models"),
        ("http://[::1]:8888/user/ada/llama-assist/v1", "http://[::1]:8888", "/user/ada/llama-assist/v1/models"),
    ],
)
def test_an_address_is_read(url: str, origin: str, target: str) -> None:
    endpoint = read_endpoint(url, {}, environ={})
    assert (endpoint.origin, endpoint.target("models")) == (origin, target)


def test_paths_from_the_root_lie_beside_v1() -> None:
    assert read_endpoint("http://x:1/prefix/v1", {}, environ={}).target("/props") == "/prefix/props"


@pytest.mark.parametrize(
    "url",
    [
        "gpu.example:8000",
        "ftp://gpu.example/v1",
        "http://",
        "http:///v1",
        "http://me:secret@gpu.example/v1",
        "http://gpu.example/v1?key=secret",
        "http://gpu.example/v1#a",
        "http://gpu.example:port/v1",
        "http://gpu.example:99999/v1",
        "http://gpu.example/v1\r\nX: y",
        "http://gpu example/v1",
        "http://gpu.example\\@evil.example/v1",
        "file:///etc/passwd",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        read_endpoint(url, {}, environ={})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("[::ffff:10.0.0.1]", False),
    ],
)
def test_only_this_machine_is_this_machine(host: str, is_loopback: bool) -> None:
    assert read_endpoint(f"http://{host}:8000/v1", {}, environ={}).is_loopback is is_loopback


def test_a_key_goes_to_its_own_origin_only() -> None:
    keys = {"https://gpu.example:8000": "a-key"}
    assert read_endpoint(GPU, keys, environ={}).key == "a-key"
    for other in (OTHER, "http://gpu.example:8000/v1", "https://gpu.example/v1", "https://gpu.example:8001/v1"):
        assert read_endpoint(other, keys, environ={}).key == ""


def test_the_environments_key_goes_to_the_origin_of_backend_url_only() -> None:
    environ = {KEY_VARIABLE: " env-key\n"}
    assert read_endpoint(GPU, {}, GPU, environ).key == "env-key"
    assert read_endpoint("https://gpu.example:8000/other/v1", {}, GPU, environ).key == "env-key"
    assert read_endpoint(OTHER, {}, GPU, environ).key == ""
    assert read_endpoint(GPU, {"https://gpu.example:8000/": "configured"}, GPU, environ).key == "configured"


def test_a_key_is_never_shown() -> None:
    assert "a-key" not in repr(read_endpoint(GPU, {GPU: "a-key"}, environ={}))


@pytest.mark.parametrize("key", ["two words", "line\r\nX: y", "schlüssel"])
def test_a_key_that_would_break_the_header_is_refused(key: str) -> None:
    with pytest.raises(InvalidRequestError):
        read_endpoint(GPU, {GPU: key}, environ={})


def make(**settings: str) -> tuple[Assist, Assistant]:
    config = Assist(**settings)
    return config, Assistant(make_backend(config), config, chat_backend=make_chat_backend(config))


def where(backend: object) -> str:
    if isinstance(backend, RemoteBackend):
        return f"{backend._endpoint.origin} {backend.status().model}"
    assert isinstance(backend, LocalBackend)
    return f"local {backend.status().model}"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"model": "m"}, ["local m"]),
        ({"model": "m", "chat_model": "m"}, ["local m"]),
        ({"model": "m", "chat_model": "c"}, ["local m", "local c"]),
        ({"model": "m", "backend_url": GPU}, [f"{AT_GPU} m"]),
        ({"model": "m", "backend_url": GPU, "chat_model": "c"}, [f"{AT_GPU} m", f"{AT_GPU} c"]),
        ({"model": "m", "chat_model": "c", "chat_backend_url": OTHER}, ["local m", "https://chat.example c"]),
        ({"model": "m", "backend_url": GPU, "chat_backend_url": "local"}, [f"{AT_GPU} m", "local m"]),
    ],
)  # fmt: skip
def test_settings_choose_the_engines(settings: dict[str, str], expected: list[str]) -> None:
    _, assistant = make(**settings)
    assert [where(backend) for backend in assistant.backends] == expected


def test_a_request_is_served_by_the_model_that_it_names() -> None:
    config, assistant = make(model="m", chat_model="c")
    inline, chat = assistant.backends
    assert find_backend(assistant.backends, config, "", "inline") is inline
    assert find_backend(assistant.backends, config, "", "chat") is chat
    assert find_backend(assistant.backends, config, "c", "inline") is chat
    assert find_backend(assistant.backends, config, "m", "chat") is inline
    with pytest.raises(ModelNotFoundError, match="`m`, `c`"):
        find_backend(assistant.backends, config, "x", "chat")


async def test_completions_and_chats_go_to_different_servers_and_by_name_to_either() -> None:
    async with fake_engine(stream("1"), model="m") as one, fake_engine(stream("2"), model="c") as two:
        _, assistant = make(model="m", backend_url=one.url, chat_model="c", chat_backend_url=two.url)
        sampling = SamplingParams(max_tokens=4)
        ask = ChatRequest((Message("user", "Hi"),), None, sampling)
        for request, served in (
            (CompletionRequest("x = ", raw=True, sampling=sampling), one),
            (CompletionRequest("x = ", raw=True, sampling=sampling, model="c"), two),
        ):
            before = len(served.posts)
            assert "".join([chunk.text async for chunk in assistant.complete(request)]) in "12"
            assert len(served.posts) == before + 1
        assert [chunk.finish_reason async for chunk in assistant.chat(ask)][-1] == "stop"
        assert (len(one.posts), len(two.posts)) == (1, 2)
        for backend in assistant.backends:
            await backend.stop()
