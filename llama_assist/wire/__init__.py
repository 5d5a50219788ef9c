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
from llama_assist.wire.task_requests import (
    Event,
    ModelAction,
    events_request,
    model_action,
    render_request,
    task_request,
)

__all__ = [
    "Answer",
    "ChatReply",
    "CompletionReply",
    "Delivery",
    "Event",
    "ModelAction",
    "Reply",
    "chat_request",
    "completion_request",
    "error_body",
    "error_headers",
    "events_request",
    "model_action",
    "models_body",
    "render_request",
    "status_body",
    "task_request",
]
