"""The language server: which requests it takes, and what it tells an editor that it can do."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from llama_assist import __version__
from llama_assist.connect_local import LocalServer
from llama_assist.errors import AssistError, InvalidRequestError
from llama_assist.lsp.actions import PERFORM
from llama_assist.lsp.documents import Documents
from llama_assist.lsp.items import ACCEPTED
from llama_assist.lsp.link import Link, finder
from llama_assist.lsp.positions import choose_encoding
from llama_assist.lsp.session import Session
from llama_assist.lsp.settings import read_settings

PARTLY_ACCEPTED = "textDocument/didPartiallyAcceptCompletion"  # an extension that several editors speak
TRIGGERS = (".", "(", "[", "=", " ")


class Server:
    """A language server for one editor; `run_stdio` and `run_tcp` return when that has gone."""

    def __init__(self) -> None:
        every = types.NotebookDocumentFilterWithNotebook(notebook="*")
        self.pygls = LanguageServer(
            "llama-assist", __version__, notebook_document_sync=types.NotebookDocumentSyncOptions([every])
        )
        self.pygls.report_server_error = self._report
        self.documents = Documents()
        self._local = LocalServer(self._say)
        self._session: Session | None = None
        self._complaints: list[str] = []
        self._faults: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._keep_documents()
        self._on(types.INITIALIZE, self._initialize)
        self._on(types.INITIALIZED, self._initialized)
        self._on(types.SHUTDOWN, self._shutdown)
        # Without options pygls would not advertise it.
        self._on(types.TEXT_DOCUMENT_INLINE_COMPLETION, self._inline, types.InlineCompletionOptions())
        self._on(PARTLY_ACCEPTED, self._partly_accepted)
        logging.getLogger("pygls").setLevel(logging.CRITICAL)  # it logs whole messages, which are the user's texts

    @property
    def session(self) -> Session:
        """The session, from `initialize` on."""
        assert self._session is not None, "pygls takes no other request before `initialize`"
        return self._session

    def run_stdio(self) -> None:
        """Serve on stdin and stdout."""
        self.pygls.start_io()
        self._local.stop()

    def run_tcp(self, host: str, port: int) -> None:
        """Serve the first connection to a port."""
        self.pygls.start_tcp(host, port)
        self._local.stop()

    def _keep_documents(self) -> None:
        """Take the notifications of what is open in the place of pygls, which breaks lines where editors do not."""
        features = self.pygls.protocol.fm
        features.add_builtin_feature(types.TEXT_DOCUMENT_DID_OPEN, self.documents.did_open)
        features.add_builtin_feature(types.TEXT_DOCUMENT_DID_CHANGE, self.documents.did_change)
        features.add_builtin_feature(types.TEXT_DOCUMENT_DID_CLOSE, self.documents.did_close)
        features.add_builtin_feature(types.NOTEBOOK_DOCUMENT_DID_OPEN, self.documents.did_open_notebook)
        features.add_builtin_feature(types.NOTEBOOK_DOCUMENT_DID_CHANGE, self.documents.did_change_notebook)
        features.add_builtin_feature(types.NOTEBOOK_DOCUMENT_DID_CLOSE, self.documents.did_close_notebook)
        # A command of pygls could not be cancelled: it runs under another id than the request.
        features.add_builtin_feature(types.WORKSPACE_EXECUTE_COMMAND, self._execute)
        for name in (ACCEPTED, PERFORM):
            self.pygls.command(name)(lambda *arguments: None)  # for the list of what there is

    def _on(self, method: str, handler: Callable[[Any], Any], options: object = None) -> None:
        """Register a handler; pygls writes marks onto functions, which methods do not take."""
        if inspect.iscoroutinefunction(handler):

            async def call(params: Any) -> Any:
                return await handler(params)

            self.pygls.feature(method, options)(call)
        else:
            self.pygls.feature(method, options)(lambda params: handler(params))

    def _initialize(self, params: types.InitializeParams) -> None:
        """Read the settings, and register what depends on them and on the editor."""
        self._loop = asyncio.get_running_loop()
        settings, self._complaints = read_settings(params.initialization_options)
        general, abilities = params.capabilities.general, params.capabilities.text_document
        self.documents.encoding = choose_encoding(general.position_encodings if general is not None else None)
        roots = tuple(folder.uri for folder in params.workspace_folders or ()) or (params.root_uri or "",)
        link = Link(finder(settings, self._local))
        self._session = Session(self.pygls, self.documents, settings, link, roots)
        has_inline = abilities is not None and abilities.inline_completion is not None
        if settings.completion == "on" or (settings.completion == "auto" and not has_inline):
            options = types.CompletionOptions(trigger_characters=list(TRIGGERS))
            self._on(types.TEXT_DOCUMENT_COMPLETION, self._session.listed, options)
        if settings.hover != "off":
            self._on(types.TEXT_DOCUMENT_HOVER, self._session.hover)
        if settings.code_actions:
            self._on(types.TEXT_DOCUMENT_CODE_ACTION, self._session.actions)

    def _initialized(self, params: types.InitializedParams) -> None:
        for complaint in self._complaints:
            self.session.warn(complaint)
        if self.session.settings.preload:
            self.session.engine.watch_loading()

    async def _shutdown(self, params: Any) -> None:
        await self.session.close()

    async def _inline(self, params: types.InlineCompletionParams) -> types.InlineCompletionList:
        return await self.session.inline(params)

    async def _execute(self, params: types.ExecuteCommandParams) -> None:
        """Run one of our commands."""
        arguments: list[Any] = list(params.arguments or ())
        if params.command == ACCEPTED and arguments:
            self.session.events.add("accepted", int(arguments[0]))
        elif params.command == PERFORM and arguments:
            await self.session.perform(arguments[0], params.work_done_token)
        else:
            raise InvalidRequestError(f"`{params.command}` is no command of llama-assist, or has no argument.")

    def _partly_accepted(self, params: Any) -> None:
        length = params.get("acceptedLength") if isinstance(params, dict) else getattr(params, "acceptedLength", 0)
        self.session.events.add("accepted_part", int(length or 0))

    def _say(self, line: str) -> None:
        """Log a line, from any thread."""
        assert self._loop is not None, "a server is started for a request only"
        message = types.LogMessageParams(types.MessageType.Info, line)
        self._loop.call_soon_threadsafe(self.pygls.window_log_message, message)

    def _report(self, error: Exception, source: object) -> None:
        """Log a fault of our own once, by its kind: its message may quote the user's text."""
        name = type(error).__name__
        if name not in self._faults and not isinstance(error, AssistError):
            self._faults.add(name)
            text = f"llama-assist failed inside ({name}). Please report this."
            self.pygls.window_log_message(types.LogMessageParams(types.MessageType.Error, text))
