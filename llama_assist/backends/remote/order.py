"""What is asked of a remote engine for one job: path, body, and how its answer is to be read."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from llama_assist.backends.remote.probe import SUFFIX_FAMILY, Remote
from llama_assist.backends.remote.render import (
    GO_ON,
    Cursor,
    cursor_of,
    guard_of,
    is_chat,
    last_piece,
    marked_text,
    messages_of,
)
from llama_assist.prompt.fim import FimForm, find_form
from llama_assist.types import Job, Markup, Prompt, SamplingParams, Special

Json = dict[str, Any]

MAX_STOPS = 4  # that OpenAI's interface takes, and vLLM; the others end the answer here
_DEFAULTS = SamplingParams()
_CONTINUING = ("vllm", "llama.cpp")  # servers that go on with a last message of the assistant's


@dataclass(frozen=True, slots=True)
class Order:
    """A request; `text` is all of its prompt, for the count.

    `before` is what the answer goes on from and may repeat; `head` is what it must begin with to be of use.
    """

    path: str
    body: Json
    text: str
    stops: tuple[str, ...] = ()
    before: str = ""
    head: str = ""

    def limit(self, tokens: int) -> None:
        """Ask for no more tokens than the context has left: strict servers refuse what would not fit."""
        holder = self.body.get("sampling", self.body)
        holder["max_tokens"] = max(1, min(holder["max_tokens"], tokens))


def make_orders(remote: Remote, job: Job) -> list[Order]:
    """Return what to send, and what if the answer to that is of no use; `job.prompt` has no secrets any more."""
    if remote.server == "llama_assist":
        return [Order("jobs", _job_body(job), _text_of(job.prompt))]
    orders = [_chat(remote, job)] if is_chat(job.prompt) else _completions(remote, job)
    for order in orders:
        order.body.update(_sampling(remote, job.sampling, order))
    return orders


def _completions(remote: Remote, job: Job) -> list[Order]:
    """Return the order without the last piece of the typed text, which its answer must write again, then the plain one.

    No such server heals the last token of a prompt. Where the likeliest text agrees with what was typed, the first
    order does the same; where it does not, its first token tells, and the second one is sent.
    """
    form = find_form(SUFFIX_FAMILY if remote.fill == "suffix" else remote.family if remote.fill == "marks" else "")
    cursor = cursor_of(job.prompt, form)
    head = last_piece(cursor.typed)
    plain = _completion(remote, job, replace(cursor, prefix=cursor.prefix + cursor.typed, typed=""), form)
    if not head:
        return [plain]
    healing = _completion(remote, job, replace(cursor, typed=cursor.typed[: -len(head)]), form)
    return [replace(healing, head=head), plain]


def _completion(remote: Remote, job: Job, cursor: Cursor, form: FimForm) -> Order:
    stops = (*job.sampling.stop, *job.sampling.stop_tokens)
    if remote.fill == "marks":
        text = marked_text(cursor, form)
        return Order("completions", {"prompt": text}, text, stops)
    guard = guard_of(form if remote.fill == "prefix" else FimForm("none"))
    body = {"prompt": guard(cursor.prefix + cursor.typed)}
    if remote.fill == "suffix":
        body["suffix"] = guard(cursor.suffix)
    return Order("completions", body, cursor.prefix + cursor.typed + cursor.suffix, stops)


def _chat(remote: Remote, job: Job) -> Order:
    """Let the server's template write the prompt; the beginning of an answer is its last message."""
    guard = guard_of(find_form(remote.family))
    messages = [{"role": message.role, "content": guard(message.content)} for message in messages_of(job.prompt)]
    typed, text = job.prompt.typed, _text_of(job.prompt)
    body: Json = {"messages": messages}
    if not typed:
        return Order("chat/completions", body, text, job.sampling.stop)
    messages.append({"role": "assistant", "content": guard(typed)})
    if remote.server in _CONTINUING:
        body |= {"add_generation_prompt": False, "continue_final_message": True}
        return Order("chat/completions", body, text, job.sampling.stop)
    messages.append({"role": "user", "content": GO_ON})
    return Order("chat/completions", body, text, job.sampling.stop, typed)


def _sampling(remote: Remote, sampling: SamplingParams, order: Order) -> Json:
    """Return OpenAI's fields, and of the others those that were asked for: strict servers refuse what they lack."""
    body: Json = {
        "model": remote.model,
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": sampling.max_tokens,
        "temperature": sampling.temperature,
    }
    if order.stops:
        body["stop"] = list(order.stops[:MAX_STOPS])
    if remote.server == "vllm":
        body["skip_special_tokens"] = False  # else a special token among the stops is never seen
    for name in ("top_p", "top_k", "min_p", "repetition_penalty", "seed"):
        if getattr(sampling, name) != getattr(_DEFAULTS, name):
            body[name] = getattr(sampling, name)
    if sampling.logit_bias:
        body["logit_bias"] = {str(token): bias for token, bias in sampling.logit_bias.items()}
    return body | _logprobs(order, sampling.logprobs)


def _logprobs(order: Order, count: int | None) -> Json:
    if count is None:
        return {}
    return {"logprobs": count} if order.path == "completions" else {"logprobs": True, "top_logprobs": count}


def _job_body(job: Job) -> Json:
    """Return the job itself, for a server of our own."""
    return {
        "prompt": {"segments": [_segment(each) for each in job.prompt.segments], "typed": job.prompt.typed},
        "sampling": {**asdict(job.sampling), "logit_bias": {str(k): v for k, v in job.sampling.logit_bias.items()}},
        "priority": job.priority,
        "document": job.document,
    }


def _segment(segment: str | Special | Markup) -> Json:
    if isinstance(segment, str):
        return {"text": segment}
    return {"special": segment.text} if isinstance(segment, Special) else {"markup": segment.text}


def _text_of(prompt: Prompt) -> str:
    return "".join(each if isinstance(each, str) else each.text for each in prompt.segments) + prompt.typed
