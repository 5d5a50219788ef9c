"""Bodies of the routes that are our own: tasks, texts to render, events, and what to do with a model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from llama_assist.types import Failure, Message, SamplingParams, TaskName, TaskRequest
from llama_assist.wire import tabby
from llama_assist.wire.fields import Fields
from llama_assist.wire.requests import Delivery, read_delivery, read_document, read_max_tokens, read_message

EventKind = Literal["shown", "accepted", "accepted_part", "dismissed"]
ModelVerb = Literal["load", "unload", "download"]

_MAX_TURNS = 200
_MAX_AVOID = 20
_MAX_EVENTS = 1000
_MAX_CHARACTERS = 1_000_000
_MAX_INT = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Event:
    """What became of one suggestion, and how many characters of it."""

    kind: EventKind
    characters: int = 0


@dataclass(frozen=True, slots=True)
class ModelAction:
    """What to do with which model; an empty `id` is the one that is served."""

    verb: ModelVerb
    id: str = ""


def task_request(data: object) -> tuple[TaskRequest, Delivery]:
    """Read the body of `POST v1/tasks`; raise `InvalidRequestError` naming the field at fault."""
    fields = Fields(data)
    task = fields.choice("task", get_args(TaskName), None)
    if task is None:
        raise fields.refusal("task", "is missing")
    document = read_document(fields.get("document"))
    if document is None:
        raise fields.refusal("document", "is missing")
    question = fields.text("question", "")
    if task == "ask" and not question.strip():
        raise fields.refusal("question", "must say what to answer")
    request = TaskRequest(
        task=cast(TaskName, task),
        document=document,
        question=question,
        failure=_failure(fields.get("error")),
        language=fields.text("language", ""),
        messages=_turns(fields) if task == "ask" else (),
        avoid=fields.texts("avoid", _MAX_AVOID),
        max_tokens=_bound(fields),
        sampling=SamplingParams(
            temperature=fields.number("temperature", 0.0, 0.0, 2.0),
            seed=fields.integer("seed", None, -_MAX_INT, _MAX_INT),
        ),
    )
    how = replace(read_delivery(fields), render=fields.flag("render", False), preview=fields.flag("preview", False))
    return request, how


def render_request(data: object) -> str:
    """Read the body of `POST v1/render`: the text."""
    return Fields(data).needed("text")


def events_request(data: object, select_kind: str = "") -> tuple[Event, ...]:
    """Read the body of `POST v1/events`: ours, or one of Tabby's, whose address says how much was selected."""
    if tabby.is_event(data):
        kind = tabby.event_kind(data, select_kind)
        return () if kind is None else (Event(kind),)
    return tuple(_event(item) for item in Fields(data).objects("events", _MAX_EVENTS))


def model_action(data: object) -> ModelAction:
    """Read the body of `POST model`."""
    fields = Fields(data)
    verb = fields.choice("action", get_args(ModelVerb), None)
    if verb is None:
        raise fields.refusal("action", "is missing")
    name = fields.text("id", "").strip()
    if verb == "download" and not name:
        raise fields.refusal("id", "must name the model to download")
    return ModelAction(cast(ModelVerb, verb), name)


def _bound(fields: Fields) -> int | None:
    if fields.get("max_completion_tokens") is None:
        return None
    return read_max_tokens(fields, "max_completion_tokens", 1)


def _failure(data: object) -> Failure | None:
    if data is None:
        return None
    fields = Fields(data, "error")
    return Failure(fields.needed("name"), fields.text("value", ""), fields.text("traceback", ""))


def _turns(fields: Fields) -> tuple[Message, ...]:
    turns = tuple(read_message(item) for item in fields.objects("messages", _MAX_TURNS))
    if any(turn.role == "system" for turn in turns):
        raise fields.refusal("messages", "must hold turns of user and assistant only")
    return turns


def _event(fields: Fields) -> Event:
    kind = fields.choice("kind", get_args(EventKind), None)
    if kind is None:
        raise fields.refusal("kind", "is missing")
    return Event(cast(EventKind, kind), fields.integer("characters", 0, 0, _MAX_CHARACTERS))
