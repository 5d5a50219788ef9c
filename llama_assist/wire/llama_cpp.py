"""llama.cpp's own routes, as llama.vim, llama.vscode and Continue use them: `infill`, `completion`, health, props."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from llama_assist.types import Chunk, CompletionRequest, Status
from llama_assist.wire.asked import Asked, Limits, sampling_of
from llama_assist.wire.at_cursor import at_cursor, from_prompt
from llama_assist.wire.fields import Fields
from llama_assist.wire.framing import BARE_EVENTS
from llama_assist.wire.rendered_fim import Snippet
from llama_assist.wire.replies import Answer, Choice, Json, Reply
from llama_assist.wire.requests import read_delivery

_MAX_CHOICES = 8
_MAX_EXTRA = 1000
_MAX_FIELDS = 100
_MAX_MS = 1e9


def infill(data: object) -> Asked:
    """Read the body of `POST infill`; fields that are not ours are ignored, as llama.cpp ignores them.

    `n_predict` 0 warms up: where nothing stands around the cursor only the model is loaded, because which pieces of
    other files a prompt will hold depends on the names at the cursor.
    """
    fields = Fields(data)
    before = fields.text("input_prefix", "") + fields.text("prompt", "")
    after = fields.text("input_suffix", "")
    extra = tuple(
        Snippet(each.text("text", ""), each.text("filename", "")) for each in fields.objects("input_extra", _MAX_EXTRA)
    )
    request = at_cursor(
        before,
        after,
        sampling_of(fields, "n_predict"),
        snippets=extra,
        n=fields.integer("n_cmpl", 1, 1, _MAX_CHOICES),
    )
    return _asked(fields, request, is_empty=not before + after)


def completion(data: object) -> Asked:
    """Read the body of `POST completion`; a prompt with marks of its own is read back. `max_tokens` is Twinny's."""
    fields = Fields(data)
    prompt = fields.text("prompt", "")
    bound = "n_predict" if fields.get("n_predict") is not None else "max_tokens"
    return _asked(fields, from_prompt(prompt, None, sampling_of(fields, bound)), is_empty=not prompt)


def _asked(fields: Fields, request: CompletionRequest, *, is_empty: bool) -> Asked:
    is_warm_up = fields.get("n_predict") == 0
    if is_warm_up:
        request = replace(request, sampling=replace(request.sampling, max_tokens=1), n=1)
    wanted = fields.texts("response_fields", _MAX_FIELDS)
    most = fields.number("t_max_predict_ms", 0.0, -1.0, _MAX_MS)
    limits = Limits(fields.integer("n_indent", 0, 0, 2**31), most if most > 0 else None)
    return Asked(
        request=None if is_empty else replace(request, max_ms=limits.max_ms),
        delivery=read_delivery(fields),
        reply=partial(LlamaCppReply, wanted=wanted, is_silent=is_warm_up),
        limits=limits,
    )


class LlamaCppReply(Reply):
    """One object for one choice, an array for several; of each the `wanted` paths, where there are any.

    `is_silent`: the prompt was read, and what the model would say is not asked for.
    """

    prefix = "infill"
    framing = BARE_EVENTS

    def __init__(self, model: str, wanted: tuple[str, ...] = (), is_silent: bool = False) -> None:
        super().__init__(model)
        self._wanted = wanted
        self._is_silent = is_silent

    def pieces(self, chunk: Chunk, *, is_first: bool) -> Iterator[Json]:
        """Yield the text of the chunk; the numbers come at the end."""
        if chunk.text and not self._is_silent:
            yield {"index": chunk.index, "content": chunk.text, "tokens": [], "stop": False}

    def closing(self, answer: Answer) -> Iterator[Json]:
        """Yield the last object of each choice, without its text."""
        for choice in answer.choices:
            yield {**self._object_of(choice, answer), "content": ""}

    def whole(self, answer: Answer) -> Json | list[Json]:
        """Return one object, or an array of them."""
        found = [self._chosen(self._object_of(choice, answer)) for choice in answer.choices]
        return found[0] if len(found) == 1 else found

    def _chosen(self, body: Json) -> Json:
        """Return the wanted paths under their full names: `timings/prompt_n` stays one key."""
        if not self._wanted:
            return body
        found = {path: _value_at(body, path.split("/")) for path in self._wanted}
        return {path: value for path, value in found.items() if value is not None}

    def _object_of(self, choice: Choice, answer: Answer) -> Json:
        return {
            "index": choice.index,
            "content": "" if self._is_silent else choice.text,
            "tokens": [],
            "id_slot": -1,
            "stop": True,
            "model": self.model,
            "tokens_predicted": 0 if self._is_silent else choice.usage.completion_tokens,
            "tokens_evaluated": choice.usage.prompt_tokens,
            "tokens_cached": choice.usage.cached_tokens,
            "truncated": False,
            "stop_type": "limit" if choice.finish_reason == "length" else "eos",
            "stopping_word": "",
            "generation_settings": {"model": self.model},
            "timings": _timings(choice, answer),
        }


def _value_at(body: Json, path: list[str]) -> object:
    value: object = body
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _timings(choice: Choice, answer: Answer) -> Json:
    """Return llama.cpp's numbers; a rate that was not measured is 0."""
    usage, (prompt_ms, predicted_ms) = choice.usage, answer.timings
    read, written = usage.prompt_tokens - usage.cached_tokens, usage.completion_tokens
    if not usage.prompt_tokens:
        prompt_ms = 0.0  # the model was loaded, and nothing read
    return {
        "cache_n": usage.cached_tokens,
        **_rates("prompt", read, prompt_ms),
        **_rates("predicted", written, predicted_ms),
    }


def _rates(name: str, num_tokens: int, ms: float) -> Json:
    return {
        f"{name}_n": num_tokens,
        f"{name}_ms": round(ms, 3),
        f"{name}_per_token_ms": round(ms / num_tokens, 3) if num_tokens else 0.0,
        f"{name}_per_second": round(1e3 * num_tokens / ms, 3) if ms > 0 else 0.0,
    }


def health(status: Status) -> Json:
    """Return the body of `GET health`; an engine that starts with the first request is well."""
    return {"status": "ok" if status.state in ("ready", "stopped") else status.state}


def props(status: Status, context_length: int, num_slots: int, version: str) -> Json:
    """Return the body of `GET props`; the model is not loaded for it."""
    return {
        "default_generation_settings": {"n_ctx": context_length},
        "total_slots": num_slots,
        "model_alias": status.model,
        "model_path": status.model,
        "chat_template": "",
        "modalities": {"vision": False, "audio": False},
        "build_info": f"llama_assist {version}",
        "is_sleeping": status.state == "stopped",
    }
