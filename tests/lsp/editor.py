"""An editor without a screen: drives the language server over its real pipe with the client of pygls."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

ROOT = Path(__file__).parents[2]
SECONDS = 60.0
PLAIN = types.ClientCapabilities()
NEW = types.ClientCapabilities(
    text_document=types.TextDocumentClientCapabilities(
        inline_completion=types.InlineCompletionClientCapabilities(),
    ),
    notebook_document=types.NotebookDocumentClientCapabilities(types.NotebookDocumentSyncClientCapabilities()),
    window=types.WindowClientCapabilities(
        work_done_progress=True, show_document=types.ShowDocumentClientCapabilities(support=True)
    ),
    workspace=types.WorkspaceClientCapabilities(
        workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True)
    ),
)


class Editor:
    """Runs `llama-assist lsp`. What the server says of itself is kept by the name of its method."""

    def __init__(self, env: Mapping[str, str], command: tuple[str, ...] = ("lsp",)) -> None:
        self.said: dict[str, list[Any]] = {}
        self._news = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.client = LanguageClient("test-editor", "1")
        self._keep_actions_plain()
        self._listen()
        self.applies = True
        full = {**os.environ, "PYTHONPATH": str(ROOT), **env}
        self._run(self.client.start_io(sys.executable, "-m", "llama_assist", *command, env=full, cwd=str(ROOT)))

    def start(
        self,
        options: object = None,
        capabilities: types.ClientCapabilities = NEW,
        encodings: list[types.PositionEncodingKind | str] | None = None,
    ) -> types.ServerCapabilities:
        """Initialize; return what the server can do."""
        capabilities.general = types.GeneralClientCapabilities(position_encodings=encodings)
        params = types.InitializeParams(
            capabilities=capabilities,
            initialization_options=options,
            workspace_folders=[types.WorkspaceFolder("file:///home/ada", "work")],
        )
        result = self.request(types.INITIALIZE, params)
        self.notify(types.INITIALIZED, types.InitializedParams())
        return result.capabilities  # type: ignore[no-any-return]

    def stop(self) -> None:
        """Shut down, and wait until the server has gone."""
        self.request(types.SHUTDOWN, None)
        self.notify(types.EXIT, None)
        self._run(self.client.stop())
        self._close()

    def hang_up(self) -> None:
        """Close the pipe, as an editor that crashed, and wait until the server has gone."""
        process = self.client._server
        assert process is not None
        assert process.stdin is not None
        self._loop.call_soon_threadsafe(process.stdin.close)
        self._run(self.client.stop())
        self._close()

    def kill(self) -> None:
        """End the server if it is still there."""
        process = self.client._server
        if self._loop.is_running():
            if process is not None and process.returncode is None:
                self._loop.call_soon_threadsafe(process.kill)
            self._run(self.client.stop())
            self._close()

    def request(self, method: str, params: Any) -> Any:
        """Send a request and return the answer."""
        return self.send(method, params).result(SECONDS)

    def send(self, method: str, params: Any, msg_id: str | None = None) -> Any:
        """Send a request; return the future of its answer."""
        done: Any = asyncio.run_coroutine_threadsafe(self._send(method, params, msg_id), self._loop)
        return done

    async def _send(self, method: str, params: Any, msg_id: str | None) -> Any:
        return await self.client.protocol.send_request_async(method, params, msg_id)

    def notify(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._loop.call_soon_threadsafe(self.client.protocol.notify, method, params)

    def open(self, uri: str, text: str, language: str = "python") -> None:
        """Open a file."""
        item = types.TextDocumentItem(uri, language, 1, text)
        self.notify(types.TEXT_DOCUMENT_DID_OPEN, types.DidOpenTextDocumentParams(item))

    def change(self, uri: str, version: int, *changes: types.TextDocumentContentChangeEvent) -> None:
        """Change a file."""
        identifier = types.VersionedTextDocumentIdentifier(version, uri)
        params = types.DidChangeTextDocumentParams(identifier, list(changes))
        self.notify(types.TEXT_DOCUMENT_DID_CHANGE, params)

    def inline(self, uri: str, line: int, character: int, **context: Any) -> list[types.InlineCompletionItem]:
        """Ask for suggestions, as a key would unless `kind` says otherwise."""
        return list(self.request(types.TEXT_DOCUMENT_INLINE_COMPLETION, ask(uri, line, character, **context)).items)

    def until(self, method: str, is_enough: Callable[[list[Any]], object] = bool) -> list[Any]:
        """Wait until the server has sent enough of a kind; return all."""
        deadline = time.monotonic() + SECONDS
        with self._news:
            while not is_enough(self.said.get(method, [])):
                assert self._news.wait(deadline - time.monotonic()), (method, self.said)
            return list(self.said[method])

    def messages(self) -> list[str]:
        """Return what was shown to the user."""
        return [params.message for params in self.said.get(types.WINDOW_SHOW_MESSAGE, [])]

    def _keep_actions_plain(self) -> None:
        """Leave code actions as they came: the library takes those with a command for mere commands."""
        protocol = self.client.protocol
        usual = protocol.get_result_type
        protocol.get_result_type = lambda method: None if method == types.TEXT_DOCUMENT_CODE_ACTION else usual(method)

    def structured(self, plain: Any, kind: Any) -> Any:
        """Return a plain object as one of the protocol's types."""
        return self.client.protocol._converter.structure(plain, kind)

    def _listen(self) -> None:
        for method in (types.WINDOW_SHOW_MESSAGE, types.WINDOW_LOG_MESSAGE, types.PROGRESS):
            self.client.feature(method)(lambda params, method=method: self._keep(method, params))
        answers: dict[str, Callable[[], Any]] = {
            types.WINDOW_WORK_DONE_PROGRESS_CREATE: lambda: None,
            types.WORKSPACE_APPLY_EDIT: lambda: types.ApplyWorkspaceEditResult(applied=self.applies),
            types.WINDOW_SHOW_DOCUMENT: lambda: types.ShowDocumentResult(success=True),
        }
        for method, answer in answers.items():
            self.client.feature(method)(
                lambda params, method=method, answer=answer: (self._keep(method, params), answer())[1]
            )

    def _keep(self, method: str, params: Any) -> None:
        with self._news:
            self.said.setdefault(method, []).append(params)
            self._news.notify_all()

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(SECONDS)

    def _close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def ask(uri: str, line: int, character: int, **context: Any) -> types.InlineCompletionParams:
    """Return the request for suggestions at a place."""
    kind = context.get("kind", types.InlineCompletionTriggerKind.Invoked)
    return types.InlineCompletionParams(
        types.InlineCompletionContext(kind, context.get("selected")),
        types.TextDocumentIdentifier(uri),
        types.Position(line, character),
    )


def span(line: int, start: int, end: int) -> types.Range:
    """Return a range within a line."""
    return types.Range(types.Position(line, start), types.Position(line, end))
