"""JSON in OpenAI's shapes to and from `types`; what cannot be served is refused by the name of its field."""

from llama_assist.wire import llama_cpp, ollama, tabby
from llama_assist.wire.asked import Asked, Limits
from llama_assist.wire.framing import EVENTS, Framing
from llama_assist.wire.replies import (
    Answer,
    ChatReply,
    CompletionReply,
    Json,
    Reply,
    error_body,
    error_headers,
    models_body,
    status_body,
)
from llama_assist.wire.requests import Delivery, chat_request, completion_request
from llama_assist.wire.shapes import CHATS, COMPLETIONS, Shape
from llama_assist.wire.task_requests import (
    Event,
    ModelAction,
    events_request,
    model_action,
    render_request,
    task_request,
)

__all__ = [
    "CHATS",
    "COMPLETIONS",
    "EVENTS",
    "Answer",
    "Asked",
    "ChatReply",
    "CompletionReply",
    "Delivery",
    "Event",
    "Framing",
    "Json",
    "Limits",
    "ModelAction",
    "Reply",
    "Shape",
    "chat_request",
    "completion_request",
    "error_body",
    "error_headers",
    "events_request",
    "llama_cpp",
    "model_action",
    "models_body",
    "ollama",
    "render_request",
    "status_body",
    "tabby",
    "task_request",
]
