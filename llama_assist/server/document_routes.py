"""The notebook as its editors have it at this moment, where the server shares documents between them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.utils import ensure_async
from tornado import web

from llama_assist.server.base import AssistHandler

_SHARING = "jupyter_server_ydoc"  # the server's part of jupyter-collaboration


class DocumentHandler(AssistHandler):
    """`GET document?path=`: the notebook with its unsaved edits, if it is open and shared; never the file."""

    SUPPORTED_METHODS = ("GET",)
    _track_activity = False

    @web.authenticated
    @authorized(action="read", resource="llama_assist:document")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Read."""
        manager = getattr(self.serverapp, "extension_manager", None)
        sharing = next(iter(manager.extension_apps.get(_SHARING, ())), None) if manager is not None else None
        notebook = None
        if sharing is not None:
            may_read = self.authorizer.is_authorized(self, self.current_user, "read", "contents")
            if not await ensure_async(may_read):
                raise web.HTTPError(403)
            notebook = await self._shared(sharing, self.get_query_argument("path", ""))
        self.finish(json.dumps({"notebook": notebook, "sharing": sharing is not None}))

    async def _shared(self, sharing: Any, path: str) -> dict[str, Any] | None:
        """Return the notebook at an absolute path below the server's root folder; None where it is not shared."""
        root = getattr(self.contents_manager, "root_dir", "")
        if not root or not Path(path).is_relative_to(root) or ".." in Path(path).parts:
            return None
        relative = Path(path).relative_to(root).as_posix()
        document = await sharing.get_document(path=relative, content_type="notebook", file_format="json", copy=True)
        if document is None:
            return None
        notebook: dict[str, Any] = document.get()
        return notebook
