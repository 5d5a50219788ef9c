"""The route that reads shared documents: only where the server shares them, and only below its root folder."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_server.serverapp import ServerApp
from tornado.httpclient import HTTPClientError

NOTEBOOK = {"cells": [{"cell_type": "code", "source": "unsaved = 1"}], "nbformat": 4.0}


class Sharing:
    """Stands for the server's part of jupyter-collaboration."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    async def get_document(self, **wanted: Any) -> Any:
        self.asked.append(wanted)
        return SimpleNamespace(get=lambda: NOTEBOOK) if wanted["path"] == "folder/open.ipynb" else None


@pytest.fixture
def sharing(jp_serverapp: ServerApp, monkeypatch: pytest.MonkeyPatch) -> Sharing:
    sharing = Sharing()
    apps = {**jp_serverapp.extension_manager.extension_apps, "jupyter_server_ydoc": {sharing}}
    monkeypatch.setattr(type(jp_serverapp.extension_manager), "extension_apps", property(lambda _: apps))
    return sharing


async def read(jp_fetch: Any, path: str) -> Any:
    return json.loads((await jp_fetch("llama-assist", "document", params={"path": path})).body)


async def test_a_server_that_shares_nothing_says_so(jp_fetch: Any) -> None:
    assert await read(jp_fetch, "/work.ipynb") == {"notebook": None, "sharing": False}


async def test_an_open_notebook_is_read_as_a_copy(jp_fetch: Any, jp_root_dir: Path, sharing: Sharing) -> None:
    found = await read(jp_fetch, str(jp_root_dir / "folder" / "open.ipynb"))
    assert found == {"notebook": NOTEBOOK, "sharing": True}
    assert sharing.asked == [
        {"path": "folder/open.ipynb", "content_type": "notebook", "file_format": "json", "copy": True}
    ]
    closed = await read(jp_fetch, str(jp_root_dir / "closed.ipynb"))
    assert closed == {"notebook": None, "sharing": True}


@pytest.mark.parametrize("path", ["", "open.ipynb", "/etc/passwd", "../open.ipynb"])
async def test_nothing_outside_of_the_root_folder_is_asked_for(
    jp_fetch: Any, jp_root_dir: Path, sharing: Sharing, path: str
) -> None:
    assert (await read(jp_fetch, path))["notebook"] is None
    assert (await read(jp_fetch, f"{jp_root_dir}/../folder/open.ipynb"))["notebook"] is None
    assert not sharing.asked


async def test_who_may_not_read_files_may_not_read_them_here(
    jp_fetch: Any, jp_serverapp: ServerApp, sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    authorizer = jp_serverapp.authorizer
    monkeypatch.setattr(authorizer, "is_authorized", lambda handler, user, action, resource: resource != "contents")
    with pytest.raises(HTTPClientError, match="403"):
        await read(jp_fetch, "/work.ipynb")
    assert not sharing.asked
