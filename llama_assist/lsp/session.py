"""One editor's session: what it asked for at the start, and the answers to its requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from lsprotocol import types

from llama_assist.errors import AssistError
from llama_assist.lsp.actions import offered
from llama_assist.lsp.documents import Documents, Text
from llama_assist.lsp.engine import Engine
from llama_assist.lsp.events import Events
from llama_assist.lsp.items import inline_item, list_items
from llama_assist.lsp.link import Link
from llama_assist.lsp.pages import Pages
from llama_assist.lsp.performer import Performer
from llama_assist.lsp.progress import Progress
from llama_assist.lsp.settings import Settings
from llama_assist.lsp.suggestions import Suggestions
from llama_assist.lsp.trouble import Trouble

HOVER_SECONDS = 0.3  # a pointer that only passes by asks for nothing
REPORT_SECONDS = 0.5  # between two reports of how far an answer is
_DOING = {
    "explain": "Explaining",
    "fix": "Looking for a fix",
    "document": "Writing the documentation",
    "test": "Writing a test",
}


class Session:
    """Answers the requests of one editor, by way of `server`, the language server of pygls."""

    def __init__(
        self, server: Any, documents: Documents, settings: Settings, link: Link, roots: tuple[str, ...]
    ) -> None:
        self.settings = settings
        self._server = server
        self._documents = documents
        self._progress = Progress(server)
        self._pages = Pages(server)
        self.engine = Engine(link, Trouble(self.warn), self._progress)
        self.events = Events(self.engine.count)
        self._suggestions = Suggestions(documents, self.engine, self.events, settings, roots)
        self._performer = Performer(documents, self.engine, roots)

    def warn(self, message: str) -> None:
        """Show a sentence to the user."""
        self._server.window_show_message(types.ShowMessageParams(types.MessageType.Warning, f"llama-assist: {message}"))

    async def inline(self, params: types.InlineCompletionParams) -> types.InlineCompletionList:
        """Answer `textDocument/inlineCompletion`."""
        found = await self._suggestions.find(
            params.text_document.uri,
            params.position,
            manual=params.context.trigger_kind == types.InlineCompletionTriggerKind.Invoked,
            selected=params.context.selected_completion_info,
        )
        return types.InlineCompletionList([inline_item(each) for each in found])

    async def listed(self, params: types.CompletionParams) -> types.CompletionList:
        """Answer `textDocument/completion`; editors ask for it while one types, so nobody has pressed a key for it."""
        text = self._documents.text(params.text_document.uri)
        found = await self._suggestions.find(params.text_document.uri, params.position, manual=False)
        items = [] if text is None else list_items(text, text.lines.offset(params.position), found)
        return types.CompletionList(is_incomplete=True, items=items)

    async def hover(self, params: types.HoverParams) -> types.Hover | None:
        """Answer `textDocument/hover` with an explanation: a known one, or where that is wanted a new one."""
        uri, given = params.text_document.uri, types.Range(params.position, params.position)
        words = self._performer.known(uri, given)
        if not words and self.settings.hover == "explain" and self._performer.target(uri, given) is not None:
            await asyncio.sleep(HOVER_SECONDS)
            try:
                words = (
                    await self._performer.perform("explain", uri, given, (), lambda text: None, is_chosen=False)
                ).words
            except AssistError:
                return None
        found = self._performer.target(uri, given)
        if not words or found is None:
            return None
        text, target = found
        # Plain text: what a model says is never markup.
        contents = types.MarkupContent(types.MarkupKind.PlainText, words)
        return types.Hover(contents, text.lines.range(target.start, target.end))

    def actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        """Answer `textDocument/codeAction`."""
        uri = params.text_document.uri
        if self._performer.target(uri, params.range) is None:
            return []
        return offered(uri, params.range, params.context)

    async def perform(self, argument: dict[str, Any], token: types.ProgressToken | None) -> None:
        """Do the action that was chosen, and show what came of it."""
        task, uri = str(argument["task"]), str(argument["uri"])
        given = _range(argument["range"])
        async with self._progress.shown(_DOING[task], token) as report:
            grown = _thinned(report, _DOING[task])
            try:
                found = argument.get("diagnostics", ())
                outcome = await self._performer.perform(task, uri, given, found, grown, is_chosen=True)
            except AssistError:
                return
        if outcome.text is not None and outcome.edit is not None:
            await self._apply(task, outcome.text, outcome.edit)
        elif outcome.problem:
            self.warn(outcome.problem)
        else:
            await self._pages.show(outcome.words)

    async def close(self) -> None:
        """Tell the server what waits to be told, and leave no file behind."""
        self._pages.close()
        await self.events.flush()

    async def _apply(self, task: str, text: Text, edit: types.TextEdit) -> None:
        workspace = self._server.client_capabilities.workspace
        able = workspace.workspace_edit if workspace is not None else None
        if able is not None and able.document_changes:
            where = types.OptionalVersionedTextDocumentIdentifier(uri=text.uri, version=text.version)
            change = types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(where, [edit])])
        else:
            change = types.WorkspaceEdit(changes={text.uri: [edit]})
        params = types.ApplyWorkspaceEditParams(edit=change, label=f"llama-assist: {task}")
        result = await self._server.workspace_apply_edit_async(params)
        if not result.applied:
            self.warn(f"The editor did not take the change. {result.failure_reason or ''}".strip())


def _range(given: dict[str, Any]) -> types.Range:
    start, end = given["start"], given["end"]
    return types.Range(
        types.Position(int(start["line"]), int(start["character"])),
        types.Position(int(end["line"]), int(end["character"])),
    )


def _thinned(report: Callable[[str], None], doing: str) -> Callable[[str], None]:
    """Return what reports the length of a growing text now and then, from any thread."""
    loop = asyncio.get_running_loop()
    last = loop.time()

    def grown(text: str) -> None:
        nonlocal last
        if loop.time() - last >= REPORT_SECONDS:
            last = loop.time()
            loop.call_soon_threadsafe(report, f"{doing}: {len(text)} characters")

    return grown
