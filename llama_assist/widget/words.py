"""What the panel says in its own words: the line below an answer, the state of the server, the models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llama_assist.kernel.answer import Answer

_KINDS = {
    "imports": "imports",
    "cell": "code",
    "output": "output",
    "markdown": "text",
    "variables": "types of variables",
    "signatures": "signatures",
    "focus": "the chosen cell",
    "error": "error",
    "question": "question",
}


def note_of(answer: Answer) -> str:
    """Return the line below an answer; nothing while it is being written, but for what there is to know."""
    if not answer.ended:
        return ""
    parts = [_ending(answer), answer.model]
    if answer.usage is not None and answer.usage.prompt_tokens + answer.usage.completion_tokens:
        parts.append(f"{answer.usage.prompt_tokens} + {answer.usage.completion_tokens} tokens")
    return " · ".join(filter(None, [*parts, f"{answer.seconds:.1f} s"]))


def _ending(answer: Answer) -> str:
    if answer.interrupted:
        return "Stopped: the answer is incomplete."
    if answer.finish_reason == "length":
        return "Cut at the token limit: allow a longer answer under Settings."
    if not answer.found:
        return "Ask with a cell's number or with a name in `backticks`."
    if answer.turns_left_out:
        return f"The first {answer.turns_left_out} messages of the conversation did not fit and were left out."
    return "" if answer.finish_reason or not answer.note else answer.note


def described_status(status: Mapping[str, Any]) -> str:
    """Return one line about the server."""
    state, model = str(status.get("state", "")), str(status.get("model", ""))
    detail = str(status.get("detail") or "")
    words = {
        "ready": f"{model} is ready",
        "loading": f"{model} is being loaded",
        "stopped": f"{model} loads with the first question",
        "failed": f"{model} could not be loaded",
    }.get(state, f"{model}: {state}")
    return f"{words}. {detail}" if detail and state == "failed" else words


def described_model(model: Mapping[str, Any]) -> str:
    """Return one line for the menu of models."""
    if model.get("current"):
        state = "in use"
    elif model.get("state") == "damaged":
        state = "damaged, download it again"
    elif model.get("present", True):
        state = "on this machine"
    else:
        state = "begun, to be resumed" if model.get("state") == "partial" else "to be downloaded"
    size = model.get("size_bytes")
    return " · ".join(filter(None, [str(model["id"]), state, f"{size / 1e6:,.0f} MB" if size else ""]))


def described_preview(preview: Mapping[str, Any], first: int = 1) -> str:
    """Return a Markdown table of the parts of a prompt with their tokens."""
    parts: Sequence[Mapping[str, Any]] = preview.get("sent", ())
    rows = [f"| {_part(part, first)} | {part.get('tokens', 0)} |" for part in parts]
    rows.append(f"| **all, with instructions** | **{preview.get('tokens', 0)}** |")
    return "\n".join(["| part | tokens |", "|:--|--:|", *rows])


def prompt_text(preview: Mapping[str, Any]) -> str:
    """Return the messages as text, each below its role."""
    return "\n\n".join(f"--- {each['role']} ---\n{each['content']}" for each in preview.get("messages", ()))


def _part(part: Mapping[str, Any], first: int) -> str:
    kind = _KINDS.get(str(part.get("kind")), str(part.get("kind")))
    return kind if part.get("cell") is None else f"cell {int(part['cell']) + first}, {kind}"
