"""Jobs of other servers of ours: they choose the context and write the prompt, this one runs the model."""

from __future__ import annotations

import json
from dataclasses import replace

from jupyter_server.auth.decorator import authorized
from tornado import web

from llama_assist import wire
from llama_assist.server.answers import AnswerHandler, user_of
from llama_assist.wire.jobs import job_request, model_body


class JobHandler(AnswerHandler):
    """`POST v1/jobs`: run one. `GET v1/jobs`: what prompts for this model must look like."""

    SUPPORTED_METHODS = ("GET", "POST")  # type: ignore[assignment]

    @web.authenticated
    @authorized(action="read", resource="llama_assist:jobs")  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        """Describe the model."""
        self.finish(json.dumps(model_body(await self.assistant.backend.describe())))

    @web.authenticated
    @authorized(action="execute", resource="llama_assist:jobs")  # type: ignore[untyped-decorator]
    async def post(self) -> None:
        """Run; a newer job takes the place of an older one of the same user and document only."""
        job = job_request(self.json_body())
        if job.document:
            job = replace(job, document=json.dumps([user_of(self), job.document]))
        reply = wire.CompletionReply(self.assistant.backend.status().model, include_usage=True)
        await self.send_answer(self.assistant.backend.generate(job), reply, 1, stream=True)
