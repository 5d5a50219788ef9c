"""Mistral's route for filling in, `POST v1/fim/completions`, as Continue and others use it."""

from __future__ import annotations

from llama_assist.wire.asked import Asked, sampling_of
from llama_assist.wire.at_cursor import from_prompt
from llama_assist.wire.fields import Fields
from llama_assist.wire.replies import ChatReply
from llama_assist.wire.requests import read_delivery


def fim(data: object) -> Asked:
    """Read the body; the answer has the shapes of a chat. An absent suffix is an empty one."""
    fields = Fields(data)
    bound = "max_tokens" if fields.get("max_tokens") is not None else "max_completion_tokens"
    prompt, suffix = fields.needed("prompt"), fields.text("suffix", None)
    request = from_prompt(prompt, suffix, sampling_of(fields, bound))
    if request.raw:
        request = from_prompt(prompt, "", request.sampling)
    return Asked(request, read_delivery(fields), FimReply)


class FimReply(ChatReply):
    """A chat's shapes under an id of its own."""

    prefix = "fim"
