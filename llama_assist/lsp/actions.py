"""Code actions: what is offered where, at no cost; the model is asked only when one is chosen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lsprotocol import types

from llama_assist.lsp.targets import Target

PERFORM = "llama-assist.perform"
_KINDS = {
    "fix": types.CodeActionKind.QuickFix.value,
    "document": types.CodeActionKind.RefactorRewrite.value,
    "test": types.CodeActionKind.Refactor.value + ".test",
    "explain": "explain",
}
_TITLES = {
    "fix": "Fix with llama-assist: {what}",
    "document": "Document with llama-assist",
    "test": "Write a test with llama-assist",
    "explain": "Explain with llama-assist",
}
_MESSAGE = 60


def offered(uri: str, given: types.Range, context: types.CodeActionContext) -> list[types.CodeAction]:
    """Return the actions on a range; *fix* only where the editor shows diagnostics there."""
    found = list(context.diagnostics)
    tasks = ["fix"] if found else []
    return [
        _action(task, uri, given, found if task == "fix" else [])
        for task in [*tasks, "document", "test", "explain"]
        if _is_wanted(_KINDS[task], context.only)
    ]


def _is_wanted(kind: str, only: Sequence[str | types.CodeActionKind] | None) -> bool:
    """Tell whether a kind is below one that the editor asked for; it asks for all where it names none."""
    wanted = [str(getattr(each, "value", each)) for each in only or ()]
    return not wanted or any(not each or kind == each or kind.startswith(f"{each}.") for each in wanted)


def _action(task: str, uri: str, given: types.Range, found: list[types.Diagnostic]) -> types.CodeAction:
    title = _TITLES[task].format(what=_short(found[0].message) if found else "")
    argument: dict[str, Any] = {"task": task, "uri": uri, "range": _range(given)}
    if found:
        argument["diagnostics"] = [_diagnostic(each) for each in found]
    return types.CodeAction(
        title=title,
        kind=_KINDS[task],
        diagnostics=found or None,
        command=types.Command(title, PERFORM, arguments=[argument]),
    )


def _short(message: str) -> str:
    first = " ".join(message.split())
    return first if len(first) <= _MESSAGE else first[:_MESSAGE] + " …"


def _range(given: types.Range) -> dict[str, Any]:
    return {
        "start": {"line": given.start.line, "character": given.start.character},
        "end": {"line": given.end.line, "character": given.end.character},
    }


def _diagnostic(found: types.Diagnostic) -> dict[str, Any]:
    name = " ".join(str(part) for part in (found.source, found.code) if part not in (None, ""))
    return {"name": name or "Error", "message": found.message, "line": found.range.start.line}


def failure(diagnostics: Iterable[dict[str, Any]], target: Target, first_line: int) -> dict[str, str] | None:
    """Return the diagnostics as the error of a task: the first one's name, all messages, the lines as Python's frames.

    `first_line` is the number of the target's first line, from 0.
    """
    found = list(diagnostics)
    if not found:
        return None
    lines = target.source.split("\n")
    frames = []
    for each in found:
        place = int(each["line"]) - first_line
        if 0 <= place < len(lines) and lines[place].strip():
            frames.append(f'  File "here", line {place + 1}\n    {lines[place].strip()}')
    value = "; ".join(dict.fromkeys(" ".join(str(each["message"]).split()) for each in found))
    return {"name": str(found[0]["name"]), "value": value, "traceback": "\n".join(frames)}
