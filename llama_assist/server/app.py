"""The extension application: settings in, one assistant and its routes out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from jupyter_server.extension.application import ExtensionApp
from jupyter_server.serverapp import ServerApp

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

    def make_backend(self) -> Backend:
        """Return the backend that answers; nothing is started."""
        from llama_assist.backends.local import LocalBackend

        return LocalBackend(self.assist, self.log)

    def make_assistant(self) -> Assistant:
        """Return the assistant of this server."""
        from llama_assist.assistant import Assistant

        return Assistant(self.make_backend(), self.assist)

    def initialize_settings(self) -> None:
        """Read the settings; nothing is started."""
        self.assist = Assist(parent=self)
        self.assistant = self.make_assistant()
        self._preload: asyncio.Task[None] | None = None

    def initialize_handlers(self) -> None:
        """Add the routes."""
        from llama_assist.server.routes import routes

        self.handlers.extend(routes(self.assistant))

    async def _start_jupyter_server_extension(self, serverapp: ServerApp) -> None:
        self.log.info("OpenAI-compatible base URL: %sllama-assist/v1", serverapp.connection_url)
        if self.assist.preload:
            self._preload = asyncio.create_task(self._load())

    async def _load(self) -> None:
        try:
            await self.assistant.backend.start()
        except AssistError as error:
            self.log.warning("llama_assist could not preload its model: %s", error)

    async def stop_extension(self) -> None:
        """End the engine."""
        if self._preload is not None:
            self._preload.cancel()
        await self.assistant.backend.stop()
