"""Bodies of OpenAI's completion and chat requests, with our optional `document`, to requests of `types`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from llama_assist.types import (
    Cell,
    CellType,
    ChatRequest,
    CompletionRequest,
    Document,
    Message,
    SamplingParams,
    Variable,
)
from llama_assist.wire.at_cursor import from_prompt
from llama_assist.wire.fields import Fields, clean

Role = Literal["system", "user", "assistant"]

_MAX_CHOICES = 8
_MAX_STOPS = 16
_MAX_CELLS = 5000
_MAX_ITEMS = 1000
_MAX_INT = 2**63 - 1
_COMPLETION_LOGPROBS = 20
_CHAT_MAX_TOKENS = 1024
_ROLES: Mapping[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_DEFAULTS = SamplingParams()


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the client wants its answer: from which model ("" for any), streamed, with usage in the stream.

    `render` asks for safe HTML beside the text; `preview` for what would be sent instead of an answer.
    """

    model: str = ""
    stream: bool = False
    include_usage: bool = False
    render: bool = False
    preview: bool = False


def completion_request(data: object) -> tuple[CompletionRequest, Delivery]:
    """Read the body of `POST v1/completions`; raise `InvalidRequestError` naming the field at fault.

    With `suffix` (an empty one too) or `document` the text belongs at a cursor, and so it does where the prompt has
    a client's own marks for filling in; otherwise, and with `raw`, the prompt is continued as it is. A client that
    sends no `document` is no editor of ours: it gets what the model says, sure or not.
    """
    fields = Fields(data)
    suffix = fields.text("suffix", None)
    document = read_document(fields.get("document"))
    raw = fields.flag("raw", suffix is None and document is None)
    if raw and suffix:
        raise fields.refusal("suffix", "must be absent where raw is true")
    _refuse_completion_options(fields)
    logprobs = fields.integer("logprobs", None, 0, _COMPLETION_LOGPROBS)
    sampling = read_sampling(fields, read_max_tokens(fields, "max_tokens", _DEFAULTS.max_tokens), logprobs)
    prompt, n = _prompt(fields), _num_choices(fields)
    if raw and fields.get("raw") is None:
        return replace(from_prompt(prompt, None, sampling), n=n), read_delivery(fields)
    request = CompletionRequest(
        prefix=prompt,
        suffix="" if suffix is None else suffix,
        document=document,
        sampling=sampling,
        n=n,
        raw=raw,
        manual=fields.flag("manual", document is None),
    )
    return request, read_delivery(fields)


def chat_request(data: object) -> tuple[ChatRequest, Delivery]:
    """Read the body of `POST v1/chat/completions`; raise `InvalidRequestError` naming the field at fault."""
    fields = Fields(data)
    messages = tuple(read_message(item) for item in fields.objects("messages", _MAX_ITEMS))
    if not messages:
        raise fields.refusal("messages", "must hold at least one message")
    max_tokens = read_max_tokens(
        fields, "max_completion_tokens", read_max_tokens(fields, "max_tokens", _CHAT_MAX_TOKENS)
    )
    request = ChatRequest(
        messages=messages,
        document=read_document(fields.get("document")),
        sampling=read_sampling(fields, max_tokens, _chat_logprobs(fields)),
        n=_num_choices(fields),
    )
    return request, read_delivery(fields)


def read_delivery(fields: Fields) -> Delivery:
    """Return how the client wants its answer."""
    options = fields.get("stream_options")
    stream_options = Fields({} if options is None else options, "stream_options")
    return Delivery(
        model=fields.text("model", ""),
        stream=fields.flag("stream", False),
        include_usage=stream_options.flag("include_usage", False),
    )


def _prompt(fields: Fields) -> str:
    prompt = fields.get("prompt")
    if isinstance(prompt, list):
        if prompt and not isinstance(prompt[0], str):
            raise fields.refusal("prompt", "must be text; token ids are not taken")
        if len(prompt) != 1:
            raise fields.refusal("prompt", f"must be one text, not an array of {len(prompt)}")
        return fields.texts("prompt", 1)[0]
    return fields.needed("prompt")


def _refuse_completion_options(fields: Fields) -> None:
    if fields.flag("echo", False):
        raise fields.refusal("echo", "is not supported: put the prompt before the answer yourself")
    num_choices = _num_choices(fields)
    if fields.integer("best_of", num_choices, 1, _MAX_CHOICES) != num_choices:
        raise fields.refusal("best_of", "must equal n: every choice that is generated is returned")


def _num_choices(fields: Fields) -> int:
    return fields.integer("n", 1, 1, _MAX_CHOICES)


def read_max_tokens(fields: Fields, name: str, default: int) -> int:
    """Return the bound of an answer's length."""
    return fields.integer(name, default, 1, _MAX_INT)


def _chat_logprobs(fields: Fields) -> int | None:
    count = fields.integer("top_logprobs", 0, 0, _COMPLETION_LOGPROBS)
    if fields.flag("logprobs", False):
        return count
    if count:
        raise fields.refusal("top_logprobs", "needs logprobs to be true")
    return None


def read_sampling(fields: Fields, max_tokens: int, logprobs: int | None) -> SamplingParams:
    """Return how tokens are chosen."""
    for name in ("presence_penalty", "frequency_penalty"):
        if fields.number(name, 0.0, -2.0, 2.0) != 0:
            raise fields.refusal(name, "is not supported: use repetition_penalty")
    return SamplingParams(
        max_tokens=max_tokens,
        temperature=fields.number("temperature", _DEFAULTS.temperature, 0.0, 2.0),
        top_k=fields.integer("top_k", _DEFAULTS.top_k, 0, _MAX_INT),
        top_p=fields.number("top_p", _DEFAULTS.top_p, 0.0, 1.0),
        min_p=fields.number("min_p", _DEFAULTS.min_p, 0.0, 1.0),
        repetition_penalty=fields.number("repetition_penalty", _DEFAULTS.repetition_penalty, 0.01, 10.0),
        seed=fields.integer("seed", None, -_MAX_INT, _MAX_INT),
        stop=_stop(fields),
        logit_bias=_logit_bias(fields),
        logprobs=logprobs,
    )


def _stop(fields: Fields) -> tuple[str, ...]:
    stop = fields.get("stop")
    stops = fields.texts("stop", _MAX_STOPS) if isinstance(stop, list) else (fields.text("stop", None),)
    if "" in stops:
        raise fields.refusal("stop", "must not hold an empty string")
    return tuple(text for text in stops if text is not None)


def _logit_bias(fields: Fields) -> dict[int, float]:
    given = fields.get("logit_bias")
    bias = Fields({} if given is None else given, "logit_bias")
    names = list(given) if isinstance(given, dict) else []
    if len(names) > _MAX_ITEMS:
        raise fields.refusal("logit_bias", f"has {len(names)} members; at most {_MAX_ITEMS} are taken")
    if not all(name.isascii() and name.isdecimal() and len(name) < 10 for name in names):
        raise fields.refusal("logit_bias", "must have token ids as names")
    return {int(name): bias.number(name, 0.0, -100.0, 100.0) for name in names}


def read_message(fields: Fields) -> Message:
    """Return one turn of a conversation."""
    role = fields.choice("role", tuple(_ROLES), None)
    if role is None:
        raise fields.refusal("role", "is missing")
    content = fields.get("content")
    text = _parts(fields) if isinstance(content, list) else fields.needed("content")
    return Message(role=_ROLES[role], content=text)


def _parts(fields: Fields) -> str:
    parts = fields.objects("content", _MAX_ITEMS)
    for part in parts:
        part.choice("type", ("text",), None)
    return "".join(part.needed("text") for part in parts)


def read_document(data: object) -> Document | None:
    """Return the notebook or file of a request, if it has one."""
    if data is None:
        return None
    fields = Fields(data, "document")
    cells = tuple(_cell(item) for item in fields.objects("cells", _MAX_CELLS))
    if not cells:
        raise fields.refusal("cells", "must hold at least one cell")
    return Document(
        cells=cells,
        cell=fields.integer("cell", 0, 0, len(cells) - 1),
        path=fields.text("path", ""),
        language=fields.text("language", "python"),
        variables=tuple(_variable(item) for item in fields.objects("variables", _MAX_ITEMS)),
    )


def _cell(fields: Fields) -> Cell:
    return Cell(
        source=fields.needed("source"),
        type=cast(CellType, fields.choice("type", get_args(CellType), "code")),
        id=fields.text("id", ""),
        outputs=fields.texts("outputs", _MAX_ITEMS),
        execution_count=fields.integer("execution_count", None, 0, _MAX_INT),
    )


def _variable(fields: Fields) -> Variable:
    return Variable(
        name=fields.needed("name"),
        type=fields.needed("type"),
        shape=_shape(fields),
        dtype=fields.text("dtype", ""),
        columns=_columns(fields),
        signature=fields.text("signature", ""),
    )


def _shape(fields: Fields) -> tuple[int, ...]:
    shape = fields.items("shape", 32)
    if not all(isinstance(size, int) and not isinstance(size, bool) and size >= 0 for size in shape):
        raise fields.refusal("shape", "must be an array of sizes")
    return tuple(size for size in shape if isinstance(size, int))


def _columns(fields: Fields) -> tuple[tuple[str, str], ...]:
    columns = []
    for item in fields.items("columns", _MAX_ITEMS):
        match item:
            case [str(name), str(dtype)]:
                columns.append((clean(name), clean(dtype)))
            case _:
                raise fields.refusal("columns", "must be an array of pairs of name and dtype")
    return tuple(columns)
