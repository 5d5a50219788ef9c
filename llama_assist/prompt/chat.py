"""Chat prompts by the model's own template; texts of users and notebooks can never become its marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from jinja2 import Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from llama_assist.errors import InvalidRequestError
from llama_assist.types import Markup, Message, ModelInfo, Prompt, Segment, Special

# A content is put into the template as a mark of private-use characters and replaced afterwards, so that the
# template decides about everything around it and nothing inside it.
_MARK = re.compile("\ue000(\\d+)\ue001")

_FALLBACK_TEMPLATE = (
    "{% for message in messages %}{{ message['role'] | capitalize }}: {{ message['content'] }}\n\n{% endfor %}"
    "Assistant:"
)


def build_chat(model: ModelInfo, messages: Sequence[Message]) -> Prompt:
    """Return the prompt of a conversation; a model without a template gets a plain transcript.

    Raises `InvalidRequestError` where the template refuses the order of roles.
    """
    marked = [{"role": message.role, "content": f"\ue000{number}\ue001"} for number, message in enumerate(messages)]
    text = _render(model, marked)
    segments: list[Segment] = []
    if not model.chat_template and model.bos_token:
        segments.append(Special(model.bos_token))
    for number, piece in enumerate(_MARK.split(text)):
        segments.append(messages[int(piece)].content if number % 2 else Markup(piece))
    return Prompt(tuple(segments))


def _render(model: ModelInfo, messages: list[dict[str, str]]) -> str:
    eos = model.eos_tokens[0] if model.eos_tokens else ""
    try:
        template = _compile(model.chat_template or _FALLBACK_TEMPLATE)
        return template.render(messages=messages, add_generation_prompt=True, bos_token=model.bos_token, eos_token=eos)
    except (TemplateError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise InvalidRequestError(f"The chat template of {model.id} does not take these messages: {error}") from error


@lru_cache(maxsize=8)
def _compile(source: str) -> Template:
    """Compile in jinja2's sandbox, as transformers does: templates come with the model, not from us."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.globals["raise_exception"] = _refuse
    return environment.from_string(source)


def _refuse(message: str) -> None:
    raise TemplateError(message)
