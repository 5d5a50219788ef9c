"""From the chunks of an answer to its HTTP response, whole or streamed; the client's leaving ends both."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing

from jupyter_server.auth.identity import IdentityProvider, LegacyIdentityProvider, PasswordIdentityProvider
from tornado.iostream import StreamClosedError

from llama_assist import wire
from llama_assist.backends.choose import Kind, find_backend
from llama_assist.server.base import AssistHandler
from llama_assist.server.quota import Quota
from llama_assist.server.sse import watch
from llama_assist.server.streaming import StreamingHandler
from llama_assist.types import Chunk

_ONE_USER = (IdentityProvider, PasswordIdentityProvider, LegacyIdentityProvider)


class AnswerHandler(StreamingHandler):
    """Base of the routes that generate."""

    _counted: tuple[Quota, str] | None = None

    SUPPORTED_METHODS = ("POST",)

    async def prepare(self) -> None:  # type: ignore[override]
        """Authenticate, then count the request; one too many of the same person is refused."""
        await super().prepare()
        quota: Quota = self.settings.setdefault("llama_assist_quota", Quota())
        user = user_of(self) if self.request.method == "POST" else ""
        self._counted = (quota, user) if quota.take(user, self.assistant.config.max_user_queue) else None

    def on_finish(self) -> None:
        """Count the request no more."""
        super().on_finish()
        if self._counted is not None:
            quota, user = self._counted
            quota.give_back(user)
            self._counted = None

    def served_model(self, asked: str, kind: Kind = "inline") -> str:
        """Return the id of the model; raise `ModelNotFoundError` where another was `asked` for ("" is any)."""
        return find_backend(self.assistant.backends, self.assistant.config, asked, kind).status().model

    async def send_answer(self, chunks: AsyncGenerator[Chunk, None], reply: wire.Reply, n: int, stream: bool) -> None:
        """Send the `chunks` of `n` choices as `reply`, and close them at once when the client leaves."""
        answer = wire.Answer(n)
        self.framing = reply.framing
        try:
            async with aclosing(watch(chunks, self._gone, self.beat_seconds)) as watched:
                if stream:
                    await self.send_events(_events(watched, reply, answer))
                else:
                    await self._send_whole(watched, reply, answer)
        except StreamClosedError:
            self.log.debug("%s: the client left", self.request.path)
        self._log_answer(answer)

    async def _send_whole(
        self, chunks: AsyncGenerator[Chunk | None, None], reply: wire.Reply, answer: wire.Answer
    ) -> None:
        async for chunk in chunks:
            if chunk is not None:
                answer.add(chunk)
        answer.verify()
        self.finish(json.dumps(reply.whole(answer)))

    def _log_answer(self, answer: wire.Answer) -> None:
        self.log.debug(
            "%s: %d prompt tokens (%d cached), %d generated, %s, %.0f ms",
            self.request.path,
            answer.usage.prompt_tokens,
            answer.usage.cached_tokens,
            answer.usage.completion_tokens,
            "/".join(str(choice.finish_reason) for choice in answer.choices),
            1000 * self.request.request_time(),
        )


async def _events(
    chunks: AsyncGenerator[Chunk | None, None], reply: wire.Reply, answer: wire.Answer
) -> AsyncGenerator[str, None]:
    async for chunk in chunks:
        yield reply.framing.beat if chunk is None else _pieces(chunk, reply, answer)
    answer.verify()
    yield "".join(map(reply.framing.frame, reply.closing(answer))) + reply.framing.end


def _pieces(chunk: Chunk, reply: wire.Reply, answer: wire.Answer) -> str:
    is_first = answer.add(chunk)
    return "".join(map(reply.framing.frame, reply.pieces(chunk, is_first=is_first)))


def user_of(handler: AssistHandler) -> str:
    """Return whose request this is: a name where the server knows several users, else empty.

    Jupyter's own providers serve one person, whose every request with a token gets another made-up name.
    """
    if type(handler.identity_provider) in _ONE_USER:
        return ""
    return str(getattr(handler.current_user, "username", ""))
