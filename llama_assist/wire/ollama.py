"""Ollama's shapes, as Twinny, Continue and Ollama's own clients use them: generate, chat, tags, show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from llama_assist.errors import AssistError
from llama_assist.types import ChatRequest, Chunk, CompletionRequest, Message, SamplingParams
from llama_assist.wire.asked import Asked, sampling_of
from llama_assist.wire.at_cursor import from_prompt
from llama_assist.wire.fields import Fields
from llama_assist.wire.framing import LINES
from llama_assist.wire.rendered_fim import read_rendered
from llama_assist.wire.replies import Answer, Json, Reply
from llama_assist.wire.requests import Delivery, read_message

_MAX_MESSAGES = 1000
_CHAT_TOKENS = 1024
_MODIFIED = "1970-01-01T00:00:00Z"  # nobody keeps it, and a false one would look like news


def generate(data: object) -> Asked:
    """Read the body of `POST api/generate`.

    With `suffix`, or marks of its own in the prompt, the text belongs at a cursor; with `raw` it is continued as it
    is; else it is one question. Without any prompt only the model is loaded.
    """
    fields = Fields(data)
    prompt, suffix = fields.text("prompt", ""), fields.text("suffix", None)
    if not suffix:
        suffix = None  # clients of languages without null send an empty one
    sampling = _sampling(fields)
    request: CompletionRequest | ChatRequest | None = None
    if fields.flag("raw", False) or suffix is not None or read_rendered(prompt) is not None:
        request = from_prompt(prompt, suffix, sampling)
    elif prompt:
        system = fields.text("system", "")
        turns = [Message("system", system)] if system else []
        request = ChatRequest((*turns, Message("user", prompt)), sampling=_longer(fields, sampling))
    return Asked(request if prompt or suffix else None, _delivery(fields), GenerateReply)


def chat(data: object) -> Asked:
    """Read the body of `POST api/chat`."""
    fields = Fields(data)
    messages = tuple(read_message(each) for each in fields.objects("messages", _MAX_MESSAGES))
    request = ChatRequest(messages, sampling=_longer(fields, _sampling(fields))) if messages else None
    return Asked(request, _delivery(fields), ChatLineReply)


def model_asked(data: object) -> str:
    """Return the model that the body of `POST api/show` names."""
    fields = Fields(data)
    return _untagged(fields.text("model", fields.text("name", "")))


def _delivery(fields: Fields) -> Delivery:
    """Ollama streams unless it is told not to."""
    return Delivery(model=_untagged(fields.text("model", "")), stream=fields.flag("stream", True))


def _untagged(model: str) -> str:
    return model.removesuffix(":latest")


def _options(fields: Fields) -> Fields:
    options = fields.get("options")
    return Fields({} if options is None else options, "options")


def _sampling(fields: Fields) -> SamplingParams:
    return sampling_of(_options(fields), "num_predict")


def _longer(fields: Fields, sampling: SamplingParams) -> SamplingParams:
    """An answer to a question is longer than a completion, where the client sets no bound."""
    bound = _options(fields).integer("num_predict", 0, -(2**63), 2**63)
    return sampling if bound > 0 else replace(sampling, max_tokens=_CHAT_TOKENS)


class _LineReply(Reply):
    """Objects on lines of their own; the last one has `done` and the numbers."""

    prefix = "ollama"
    framing = LINES

    def pieces(self, chunk: Chunk, *, is_first: bool) -> Iterator[Json]:
        """Yield the text of the chunk."""
        if chunk.text:
            yield {**self._head(), **self._said(chunk.text), "done": False}

    def closing(self, answer: Answer) -> Iterator[Json]:
        """Yield the last line, without text."""
        yield self._last(answer, "")

    def whole(self, answer: Answer) -> Json:
        """Return the one object of an answer that is not streamed."""
        return self._last(answer, answer.choices[0].text)

    def _head(self) -> Json:
        now = datetime.now(timezone.utc).isoformat(timespec="microseconds")
        return {"model": self.model, "created_at": now.replace("+00:00", "Z")}

    def _said(self, text: str) -> Json:
        raise NotImplementedError

    def _last(self, answer: Answer, text: str) -> Json:
        usage, (prompt_ms, written_ms) = answer.usage, answer.timings
        is_load = not usage.prompt_tokens
        return {
            **self._head(),
            **self._said(text),
            "done": True,
            "done_reason": "load" if is_load else answer.choices[0].finish_reason,
            "total_duration": _nanoseconds(prompt_ms + written_ms),
            "load_duration": _nanoseconds(prompt_ms) if is_load else 0,
            "prompt_eval_count": usage.prompt_tokens,
            "prompt_eval_duration": 0 if is_load else _nanoseconds(prompt_ms),
            "eval_count": usage.completion_tokens,
            "eval_duration": _nanoseconds(written_ms),
        }


class GenerateReply(_LineReply):
    """The shapes of `api/generate`."""

    def _said(self, text: str) -> Json:
        return {"response": text}


class ChatLineReply(_LineReply):
    """The shapes of `api/chat`."""

    def _said(self, text: str) -> Json:
        return {"message": {"role": "assistant", "content": text}}


def _nanoseconds(ms: float) -> int:
    return round(ms * 1e6)


def error_body(error: AssistError) -> Json:
    """Return an error as Ollama's clients read it: one sentence."""
    return {"error": str(error)}


def tag(model: str, weights: str, listed: Mapping[str, Any]) -> Json:
    """Return an entry of `GET api/tags`: a model that is served, with what the list of models knows of it."""
    return {
        "name": model,
        "model": model,
        "modified_at": _MODIFIED,
        "size": listed.get("size_bytes") or 0,
        "digest": "",
        "details": details(listed.get("family", ""), weights),
    }


def details(family: str, weights: str) -> Json:
    """Return what Ollama says of a model's kind."""
    return {
        "parent_model": "",
        "format": "safetensors",
        "family": family,
        "families": [family],
        "parameter_size": "",
        "quantization_level": weights,
    }


def show(family: str, context_length: int, weights: str, marks: tuple[str, str, str]) -> Json:
    """Return the body of `POST api/show`; `.Suffix` in the template tells clients that the model can fill in."""
    before, after, middle = marks
    fill_in = f"{{{{- if .Suffix }}}}{before}{{{{ .Prompt }}}}{after}{{{{ .Suffix }}}}{middle}{{{{- else }}}}"
    template = f"{fill_in}{{{{ .Prompt }}}}{{{{- end }}}}" if middle else "{{ .Prompt }}"
    return {
        "modelfile": "",
        "license": "",
        "parameters": f"num_ctx {context_length}",
        "template": template,
        "modified_at": _MODIFIED,
        "details": details(family, weights),
        "model_info": {"general.architecture": family, f"{family}.context_length": context_length},
        "capabilities": ["completion", "insert"] if middle else ["completion"],
    }
