"""Tabby's shapes, as its editor plugins use them: completions with `segments`, events one by one, and its health.

The clipboard, which they send too, is not read: nobody asked for it to become part of a prompt.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from typing import Literal

from llama_assist.types import Status
from llama_assist.wire.asked import Asked, sampling_of
from llama_assist.wire.at_cursor import at_cursor
from llama_assist.wire.fields import Fields
from llama_assist.wire.rendered_fim import Snippet
from llama_assist.wire.replies import Answer, CompletionReply, Json
from llama_assist.wire.requests import Delivery

_MAX_SNIPPETS = 200
_SNIPPETS = ("relevant_snippets_from_recently_opened_files", "relevant_snippets_from_changed_files", "declarations")
_EVENTS: Mapping[str, Literal["shown", "accepted", "dismissed"]] = {
    "view": "shown",
    "select": "accepted",
    "dismiss": "dismissed",
}


def is_completion(data: object) -> bool:
    """Tell whether a body of `POST v1/completions` is Tabby's."""
    return isinstance(data, dict) and data.get("segments") is not None and data.get("prompt") is None


def completion(data: object) -> Asked:
    """Read the body. What is most likely of use stands last, next to the file."""
    fields = Fields(data)
    if fields.text("mode", "standard") != "standard":
        raise fields.refusal("mode", "must be standard: edits elsewhere in the file are not suggested here")
    segments = Fields(fields.get("segments"), "segments")
    request = at_cursor(
        segments.needed("prefix"),
        segments.text("suffix", ""),
        sampling_of(fields, "max_tokens"),
        path=segments.text("filepath", ""),
        language=fields.text("language", ""),
        snippets=tuple(snippet for name in _SNIPPETS for snippet in _snippets(segments, name)),
    )
    return Asked(request, Delivery(), TabbyReply)


def _snippets(segments: Fields, name: str) -> list[Snippet]:
    found = [
        Snippet(each.text("body", ""), each.text("filepath", "")) for each in segments.objects(name, _MAX_SNIPPETS)
    ]
    return found[::-1]  # they come best first


class TabbyReply(CompletionReply):
    """An id and the texts."""

    def whole(self, answer: Answer) -> Json:
        """Return the one object; Tabby's completions are not streamed."""
        return {
            "id": self.id,
            "choices": [{"index": choice.index, "text": choice.text} for choice in answer.choices],
        }


def is_event(data: object) -> bool:
    """Tell whether a body of `POST v1/events` is Tabby's."""
    return isinstance(data, dict) and "events" not in data and "type" in data


def event_kind(data: object, select_kind: str) -> Literal["shown", "accepted", "accepted_part", "dismissed"] | None:
    """Return what became of a suggestion; None for kinds that are not counted."""
    kind = _EVENTS.get(Fields(data).needed("type"))
    return "accepted_part" if kind == "accepted" and select_kind == "line" else kind


def health(status: Status, version: str) -> Json:
    """Return the body of `v1/health`: Tabby's, with llama.cpp's `status`. A plugin completes only where `model` is."""
    is_cuda = status.device.startswith("cuda")
    return {
        "status": "ok",
        "model": status.model,
        "chat_model": status.model,
        "chat_device": status.device or "cpu",
        "device": status.device or "cpu",
        "cuda_devices": [status.device] if is_cuda else [],
        "arch": platform.machine(),
        "cpu_info": platform.processor() or platform.machine(),
        "cpu_count": os.cpu_count() or 1,
        "version": {"build_date": "", "build_timestamp": "", "git_sha": "", "git_describe": f"v{version}"},
        "webserver": False,
    }
