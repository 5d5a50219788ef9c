"""Longer answers as pages of the editor: files in a folder that goes away with the server."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from lsprotocol import types


class Pages:
    """Shows texts by `window/showDocument`, and as messages in editors that cannot."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._count = 0

    async def show(self, text: str) -> None:
        """Show a text, as it is: an editor opens it as a source."""
        window = self._server.client_capabilities.window
        if window is not None and window.show_document is not None and window.show_document.support:
            uri = self._write(text).as_uri()
            params = types.ShowDocumentParams(uri=uri, external=False, take_focus=False)
            result = await self._server.window_show_document_async(params)
            if result is not None and result.success:
                return
        self._server.window_show_message(types.ShowMessageParams(types.MessageType.Info, text))

    def close(self) -> None:
        """Remove the files."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _write(self, text: str) -> Path:
        """Return a new file: one that is open already would ask to be read again."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="llama-assist-", ignore_cleanup_errors=True)
        self._count += 1
        path = Path(self._folder.name) / f"explanation-{self._count}.md"
        path.write_text(text, encoding="utf-8", errors="replace")
        return path
