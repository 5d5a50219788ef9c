"""Jobs as one server of ours gives them to another: prompts by segments, so that text never becomes a special token."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, cast, get_args

from llama_assist.types import Job, Markup, ModelInfo, Priority, Prompt, Segment, Special
from llama_assist.wire.fields import Fields
from llama_assist.wire.requests import read_max_tokens, read_sampling

_MAX_SEGMENTS = 2000
_MAX_STOP_TOKENS = 64
_MAX_LOGPROBS = 20


def job_request(data: object) -> Job:
    """Read the body of `POST v1/jobs`; raise `InvalidRequestError` naming the field at fault."""
    fields = Fields(data)
    prompt = Fields(fields.get("prompt"), "prompt")
    sampling = Fields(fields.get("sampling"), "sampling")
    chosen = read_sampling(
        sampling, read_max_tokens(sampling, "max_tokens", 1), sampling.integer("logprobs", None, 0, _MAX_LOGPROBS)
    )
    priority = cast(Priority, fields.choice("priority", get_args(Priority), "chat"))
    return Job(
        Prompt(tuple(map(_segment, prompt.objects("segments", _MAX_SEGMENTS))), prompt.text("typed", "")),
        replace(chosen, stop_tokens=sampling.texts("stop_tokens", _MAX_STOP_TOKENS)),
        priority,
        fields.text("document", ""),
    )


def model_body(model: ModelInfo) -> dict[str, Any]:
    """Return what another server must know to write prompts for `model`."""
    return asdict(model)


def _segment(fields: Fields) -> Segment:
    special, markup = fields.text("special", None), fields.text("markup", None)
    if special is not None:
        return Special(special)
    return fields.needed("text") if markup is None else Markup(markup)
