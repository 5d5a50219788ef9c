"""The extension application: settings in, one assistant and its routes out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp
from traitlets import Bool

from llama_assist.backends import Backend
from llama_assist.config import Assist
from llama_assist.errors import AssistError

if TYPE_CHECKING:
    from llama_assist.assistant import Assistant


class LlamaAssistApp(ExtensionApp):
    """A private code assistant, served by the Jupyter server."""

    name = "llama_assist"
    extension_url = "/llama-assist"
    classes = [ServerApp, Assist]  # noqa: RUF012 - the base class declares it so

    at_root = Bool(
        False, help="Answer other programs' clients below the server's base URL too, for those that take no path."
    ).tag(config=True)

    def make_backend(self) -> Backend:
        """Return the backend that completes; nothing is started."""
        from llama_assist.backends.choose import make_backend

        return make_backend(self.assist, self.log)

    def make_assistant(self) -> Assistant:
        """Return the assistant of this server."""
        from llama_assist.assistant import Assistant
        from llama_assist.backends.choose import make_chat_backend

        return Assistant(self.make_backend(), self.assist, chat_backend=make_chat_backend(self.assist, self.log))

    def initialize_settings(self) -> None:
        """Read the settings; nothing is started."""
        self.assist = Assist(parent=self)
        self.assistant = self.make_assistant()
        self._preload: asyncio.Task[None] | None = None

    def initialize_handlers(self) -> None:
        """Add the routes."""
        from llama_assist.server.routes import routes

        self.handlers.extend(routes(self.assistant, at_root=self.at_root))

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        self.log.info("OpenAI-compatible base URL: %sllama-assist/v1", serverapp.connection_url)
        if self.at_root:
            print(describe(serverapp), flush=True)
        if self.assist.preload:
            self._preload = asyncio.create_task(self._load())

    async def _load(self) -> None:
        try:
            await asyncio.gather(*(backend.start() for backend in self.assistant.backends))
        except AssistError as error:
            self.log.warning("llama_assist could not preload its model: %s", error)

    async def stop_extension(self) -> None:
        """End the engine."""
        if self._preload is not None:
            self._preload.cancel()
        for backend in self.assistant.backends:
            await backend.stop()


def describe(serverapp: ServerApp) -> str:
    """Return the lines that a user copies into an editor's settings; a key that was given is not shown again."""
    url = serverapp.connection_url
    provider = serverapp.identity_provider
    key = provider.token if provider.token_generated else "the one that you gave (`llama-assist key` shows it)"
    return "\n".join(
        (
            f"OpenAI, Mistral  {url}llama-assist/v1",
            f"llama.cpp, Tabby, Ollama  {url}llama-assist  (or {url.rstrip('/')})",
            f"key  {key}",
        )
    )
