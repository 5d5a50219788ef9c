"""The models of this machine over HTTP: list, load, switch, unload, and download with progress."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web
from tornado.iostream import StreamClosedError

from llama_assist import wire
from llama_assist.assistant import Assistant
from llama_assist.backends import Switchable
from llama_assist.errors import InvalidRequestError
from llama_assist.models.listing import list_models
from llama_assist.prompt.fim import find_form
from llama_assist.server.download import Downloads
from llama_assist.server.feedback_routes import status_of
from llama_assist.server.sse import DONE, KEEP_ALIVE, event, watch
from llama_assist.server.streaming import StreamingHandler


class ModelHandler(StreamingHandler):
    """`GET model`: what there is. `POST model`: load, unload or download."""

    SUPPORTED_METHODS = ("GET", "POST")

    def initialize(self, assistant: Assistant, downloads: Downloads) -> None:  # type: ignore[override]
        """Keep the `assistant`, and the `downloads` that run."""
        super().initialize(assistant)
        self.downloads = downloads

    @web.authenticated
    @authorized(action="read", resource="llama_assist:model")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """List."""
        current = self.assistant.backend.status().model
        models = await asyncio.to_thread(list_models)
        entries = [_entry(model, current) for model in models]
        self.finish(json.dumps({"models": entries, "current": current}))

    @web.authenticated
    @authorized(action="execute", resource="llama_assist:model")  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Do what the body says, and answer when it is done."""
        action = wire.model_action(self.json_body())
        if action.verb == "download":
            await self._download(action.id)
            return
        backend = self.assistant.backend
        if action.verb == "unload":
            await backend.stop()
        else:
            if action.id:
                await self._switch(action.id)
            await backend.start()
        self.finish(json.dumps(status_of(self)))

    async def _switch(self, model: str) -> None:
        backend = self.assistant.backend
        if isinstance(backend, Switchable):
            await backend.switch(model)
        elif model != backend.status().model:
            raise InvalidRequestError("The model is chosen by the engine that runs it, not here.", "id")

    async def _download(self, model: str) -> None:
        try:
            async with aclosing(watch(self.downloads.run(model), self._gone, self.beat_seconds)) as reports:
                await self.send_events(self._events(reports, model))
        except StreamClosedError:
            self.log.info("The download of a model was stopped: its reader left.")

    async def _events(
        self, reports: AsyncGenerator[dict[str, Any] | None, None], model: str
    ) -> AsyncGenerator[str, None]:
        async for report in reports:
            yield KEEP_ALIVE if report is None else event(report)
        current = self.assistant.backend.status().model
        entries = [_entry(each, current) for each in await asyncio.to_thread(list_models)]
        found = next((entry for entry in entries if entry["id"] == model), {"id": model, "present": True})
        yield event({"model": found}) + DONE


def _entry(model: dict[str, Any], current: str) -> dict[str, Any]:
    return {**model, "fim": find_form(model["family"]).is_trained, "current": model["id"] == current}
