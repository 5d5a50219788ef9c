"""The table of shapes: which route reads its body how, and how it says errors. A new client is a row here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from llama_assist.errors import AssistError
from llama_assist.wire import llama_cpp, mistral, ollama, tabby
from llama_assist.wire.asked import Asked
from llama_assist.wire.replies import ChatReply, CompletionReply, Json, error_body
from llama_assist.wire.requests import chat_request, completion_request


@dataclass(frozen=True, slots=True)
class Shape:
    """One route that generates: its path below the base, its reader, and the body of its errors."""

    path: str
    read: Callable[[object], Asked]
    error_body: Callable[[AssistError], Json] = error_body


def _completion(data: object) -> Asked:
    """Read OpenAI's completions, or Tabby's, which have the same path."""
    if tabby.is_completion(data):
        return tabby.completion(data)
    request, delivery = completion_request(data)
    return Asked(request, delivery, partial(CompletionReply, include_usage=delivery.include_usage))


def _chat(data: object) -> Asked:
    request, delivery = chat_request(data)
    return Asked(request, delivery, partial(ChatReply, include_usage=delivery.include_usage))


COMPLETIONS = (
    Shape("v1/completions", _completion),
    Shape("v1/fim/completions", mistral.fim),
    Shape("infill", llama_cpp.infill),
    Shape("completion", llama_cpp.completion),
    Shape("api/generate", ollama.generate, ollama.error_body),
)
CHATS = (
    Shape("v1/chat/completions", _chat),
    Shape("api/chat", ollama.chat, ollama.error_body),
)
