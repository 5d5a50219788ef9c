"""No answer without a credential, and the declared permission for each route: both enumerated from the app."""

from __future__ import annotations

import ast
import json
import random
import warnings
from pathlib import Path
from typing import Any

import pytest
from fake_assistant import FakeAssistant
from jupyter_server.auth import Authorizer
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import JupyterServerAuthWarning
from tornado.httpclient import HTTPRequest, HTTPResponse
from traitlets.config import Config

import llama_assist.server
from llama_assist.feedback import Counts, read_counts

BODY = json.dumps(
    {
        "prompt": "x",
        "messages": [{"role": "user", "content": "x"}],
        "task": "ask",
        "question": "x",
        "document": {"cells": [{"source": "x"}]},
        "text": "x",
        "events": [{"kind": "shown"}],
        "action": "unload",
    }
)
JOB = json.dumps({"prompt": {"segments": [{"text": "x"}]}, "sampling": {"max_tokens": 1}})
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
PERMISSIONS = {
    ("POST", "/llama-assist/v1/completions"): ("execute", "llama_assist:completions"),
    ("POST", "/llama-assist/v1/chat/completions"): ("execute", "llama_assist:chat"),
    ("GET", "/llama-assist/v1/models"): ("read", "llama_assist:models"),
    ("GET", "/llama-assist/v1/jobs"): ("read", "llama_assist:jobs"),
    ("POST", "/llama-assist/v1/jobs"): ("execute", "llama_assist:jobs"),
    ("POST", "/llama-assist/v1/tasks"): ("execute", "llama_assist:tasks"),
    ("POST", "/llama-assist/v1/render"): ("execute", "llama_assist:render"),
    ("POST", "/llama-assist/v1/events"): ("write", "llama_assist:events"),
    ("GET", "/llama-assist/status"): ("read", "llama_assist:status"),
    ("GET", "/llama-assist/model"): ("read", "llama_assist:model"),
    ("POST", "/llama-assist/model"): ("execute", "llama_assist:model"),
    ("GET", "/llama-assist/prompt"): ("read", "llama_assist:prompt"),
    ("GET", "/llama-assist/document"): ("read", "llama_assist:document"),
    ("POST", "/llama-assist/v1/fim/completions"): ("execute", "llama_assist:completions"),
    ("POST", "/llama-assist/infill"): ("execute", "llama_assist:completions"),
    ("POST", "/llama-assist/completion"): ("execute", "llama_assist:completions"),
    ("POST", "/llama-assist/api/generate"): ("execute", "llama_assist:completions"),
    ("POST", "/llama-assist/api/chat"): ("execute", "llama_assist:chat"),
    ("GET", "/llama-assist/health"): ("read", "llama_assist:status"),
    ("GET", "/llama-assist/props"): ("read", "llama_assist:status"),
    ("GET", "/llama-assist/v1/health"): ("read", "llama_assist:status"),
    ("POST", "/llama-assist/v1/health"): ("read", "llama_assist:status"),
    ("GET", "/llama-assist/api/version"): ("read", "llama_assist:status"),
    ("GET", "/llama-assist/api/tags"): ("read", "llama_assist:models"),
    ("POST", "/llama-assist/api/show"): ("read", "llama_assist:models"),
}
OURS = ("jobs", "tasks", "render", "status", "model", "prompt", "document")  # the routes that only our own clients use
AT_ROOT = {
    (method, path.removeprefix("/llama-assist")): permission
    for (method, path), permission in PERMISSIONS.items()
    if path.rpartition("/")[2] not in OURS
}
WRONG = {"Authorization": "Bearer wrong"}


class Recorder(Authorizer):
    """Keeps what it was asked, and says `verdict`."""

    asked: list[tuple[str, str]] = []  # noqa: RUF012 - a fresh list is set by the fixture
    verdict = True

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        self.asked.append((action, resource))
        return self.verdict


@pytest.fixture(autouse=True)
def recorder(monkeypatch: pytest.MonkeyPatch) -> type[Recorder]:
    monkeypatch.setattr(Recorder, "asked", [])
    monkeypatch.setattr(Recorder, "verdict", True)
    return Recorder


@pytest.fixture
def jp_server_config(jp_server_config: Config, request: pytest.FixtureRequest) -> Config:
    jp_server_config.ServerApp.authorizer_class = Recorder
    jp_server_config.ServerApp.allow_unauthenticated_access = getattr(request, "param", True)
    return jp_server_config


both = pytest.mark.parametrize("jp_server_config", [True, False], indirect=True, ids=["lenient", "strict"])


def handlers(app: ServerApp) -> list[tuple[str, type[Any]]]:
    """Return (path, handler) of every route of ours that the running app has."""
    rules = [rule for group in app.web_app.default_router.rules for rule in group.target.rules]
    ours = [rule for rule in rules if str(getattr(rule.target, "__module__", "")).startswith("llama_assist")]
    return [(rule.matcher.regex.pattern.removesuffix("$").removeprefix("/a%40b"), rule.target) for rule in ours]


@pytest.fixture
def send(jp_serverapp: ServerApp, http_server_client: Any) -> Any:
    async def send(method: str, path: str, headers: dict[str, str] | None = None, query: str = "") -> HTTPResponse:
        request = HTTPRequest(
            f"{http_server_client.get_url('/a%40b')}{path}{query}",
            method=method,
            headers=headers or {},
            body=(JOB if path.endswith("/v1/jobs") else BODY) if method in ("POST", "PUT", "PATCH") else None,
            follow_redirects=False,
            allow_nonstandard_methods=True,
        )
        return await super(type(http_server_client), http_server_client).fetch(request, raise_error=False)

    return send


async def xsrf_headers(send: Any, cookies: str = "") -> dict[str, str]:
    """Open a page, and return what a script in it could send back."""
    page = "/no-such-page" if cookies else "/login"
    response = await send("GET", page, {"Cookie": cookies} if cookies else None)
    cookie = next(value for value in response.headers.get_list("Set-Cookie") if value.startswith("_xsrf"))
    token = cookie.partition(";")[0].partition("=")[2]
    return {"Cookie": f"{cookies}; _xsrf={token}".removeprefix("; "), "X-XSRFToken": token}


@both
async def test_no_route_answers_without_a_credential(send, jp_serverapp, assistant: FakeAssistant):
    tried = 0
    anonymous = await xsrf_headers(send)
    for path, _ in handlers(jp_serverapp):
        for method in METHODS:
            for headers, query in [(None, ""), (WRONG, ""), (None, "?token=wrong"), (anonymous, "")]:
                response = await send(method, path, headers, query)
                assert response.code >= 400, (method, path, headers, query)
                tried += 1
    assert tried == 4 * len(METHODS) * len({path for _, path in PERMISSIONS})
    assert assistant.requests == []
    assert assistant.backend.num_stops == 0
    assert read_counts() == Counts()


@both
async def test_every_method_that_exists_is_in_the_table_of_permissions(jp_serverapp):
    found = {(method, path) for path, handler in handlers(jp_serverapp) for method in handler.SUPPORTED_METHODS}
    assert found == PERMISSIONS.keys()


@both
async def test_every_route_answers_with_the_token(send, jp_auth_header):
    for method, path in PERMISSIONS:
        assert (await send(method, path, jp_auth_header)).code in (200, 204)


async def test_only_posts_reach_the_engine(send, jp_auth_header, jp_serverapp, assistant: FakeAssistant):
    for path, _ in handlers(jp_serverapp):
        for method in ["GET", "HEAD", "OPTIONS"]:
            await send(method, path, jp_auth_header)
    assert assistant.requests == []
    assert assistant.backend.num_starts == 0


async def test_the_authorizer_sees_the_declared_permission_in_any_order(send, jp_auth_header, recorder):
    pairs = list(PERMISSIONS)
    for seed in range(20):
        random.Random(seed).shuffle(pairs)
        recorder.asked.clear()
        for method, path in pairs:
            await send(method, path, jp_auth_header)
        assert recorder.asked == [PERMISSIONS[pair] for pair in pairs]


async def test_who_is_not_authorized_is_forbidden(send, jp_auth_header, recorder, assistant: FakeAssistant):
    recorder.verdict = False
    for method, path in PERMISSIONS:
        response = await send(method, path, jp_auth_header)
        assert response.code == 403
        error = json.loads(response.body)["error"]
        assert isinstance(error, str) if "/api/" in path else error["type"] == "permission_error"
    assert assistant.requests == []


async def test_strict_mode_finds_no_undecorated_method(jp_configurable_serverapp, jp_server_config):
    jp_server_config.ServerApp.allow_unauthenticated_access = False
    jp_server_config.ServerApp.reraise_server_extension_failures = True
    with warnings.catch_warnings():
        warnings.simplefilter("error", JupyterServerAuthWarning)
        app = jp_configurable_serverapp(config=jp_server_config)
    assert handlers(app)


def test_no_permission_is_left_to_the_first_request():
    for file in Path(llama_assist.server.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Name) and node.id == "authorized":
                pytest.fail(f"{file.name}:{node.lineno} uses @authorized without action and resource")
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "authorized":
                assert {keyword.arg for keyword in node.keywords} == {"action", "resource"}
                node.func.id = "checked"


async def signed_in(send: Any, app: ServerApp) -> dict[str, str]:
    """Sign in as a browser does, and return the headers that its pages can send."""
    response = await send("GET", "/login", query=f"?token={app.identity_provider.token}")
    cookie = next(value for value in response.headers.get_list("Set-Cookie") if value.startswith("username-"))
    return await xsrf_headers(send, cookie.partition(";")[0])


async def test_a_signed_in_page_of_the_server_is_answered(send, jp_serverapp):
    headers = await signed_in(send, jp_serverapp)
    for method, path in PERMISSIONS:
        assert (await send(method, path, headers)).code in (200, 204)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1.evil.example"])
async def test_a_page_of_another_origin_is_not(send, jp_serverapp, origin, assistant: FakeAssistant):
    headers = {**await signed_in(send, jp_serverapp), "Origin": origin}
    for method, path in PERMISSIONS:
        assert (await send(method, path, headers)).code in (403, 404)
    assert assistant.requests == []


async def test_a_cookie_without_xsrf_token_starts_nothing(send, jp_serverapp, assistant: FakeAssistant):
    cookie = (await signed_in(send, jp_serverapp))["Cookie"].partition("; _xsrf")[0]
    for method, path in PERMISSIONS:
        if method == "POST":
            assert (await send(method, path, {"Cookie": cookie})).code == 403
    assert assistant.requests == []


async def test_a_foreign_host_name_is_refused(send, jp_auth_header, assistant: FakeAssistant):
    for method, path in PERMISSIONS:
        assert (await send(method, path, {**jp_auth_header, "Host": "rebound.example"})).code == 403
    assert assistant.requests == []


async def test_the_routes_at_the_root_are_guarded_as_those_below_the_path(jp_configurable_serverapp, jp_server_config):
    config = Config({**jp_server_config, "LlamaAssistApp": {"at_root": True}})
    app = jp_configurable_serverapp(config=config)
    found = {(method, path) for path, handler in handlers(app) for method in handler.SUPPORTED_METHODS}
    assert found == PERMISSIONS.keys() | AT_ROOT.keys()
    routes = {(method, path): rule for path, rule in handlers(app) for method in rule.SUPPORTED_METHODS}
    for (method, path), permission in AT_ROOT.items():
        twin = routes[method, f"/llama-assist{path}"]
        assert routes[method, path] is twin, path
        assert PERMISSIONS[method, f"/llama-assist{path}"] == permission
