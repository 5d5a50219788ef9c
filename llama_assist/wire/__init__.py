"""JSON in OpenAI's shapes to and from `types`; what cannot be served is refused by the name of its field."""

from llama_assist.wire.replies import (
    Answer,
    ChatReply,
    CompletionReply,
    Reply,
    error_body,
    error_headers,
    models_body,
    status_body,
)
from llama_assist.wire.requests import Delivery, chat_request, completion_request

__all__ = [
    "Answer",
    "ChatReply",
    "CompletionReply",
    "Delivery",
    "Reply",
    "chat_request",
    "completion_request",
    "error_body",
    "error_headers",
    "models_body",
    "status_body",
]
