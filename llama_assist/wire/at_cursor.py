"""Texts around a cursor, as other editors than ours send them, to completion requests."""

from __future__ import annotations

from collections.abc import Sequence

from llama_assist.types import Cell, CompletionRequest, Document, SamplingParams
from llama_assist.wire.language import language_of
from llama_assist.wire.rendered_fim import Snippet, read_rendered


def at_cursor(
    prefix: str,
    suffix: str,
    sampling: SamplingParams,
    *,
    path: str = "",
    language: str = "",
    snippets: Sequence[Snippet] = (),
    n: int = 1,
) -> CompletionRequest:
    """Return the request for a file with a cursor; pieces of other files in its language become cells above it.

    The document gets no path: these clients close what they no longer want, and ask for several places at once, so
    no request may take another's place.
    """
    name = language_of(path, language, prefix)
    others = [Cell(each.text) for each in snippets if _is_in(name, each)]
    document = None
    if others or name != "python":
        cells = (*others, Cell(prefix + suffix))
        document = Document(cells, len(others), language=name)
    return CompletionRequest(prefix, suffix, document, sampling, n, manual=True)


def from_prompt(prompt: str, suffix: str | None, sampling: SamplingParams) -> CompletionRequest:
    """Return the request for a prompt and perhaps a suffix: at a cursor, or else the text continued as it is."""
    if suffix is not None:
        return at_cursor(prompt, suffix, sampling)
    found = read_rendered(prompt)
    if found is None:
        return CompletionRequest(prompt, sampling=sampling, raw=True, manual=True)
    return at_cursor(found.prefix, found.suffix, sampling, path=found.path, snippets=found.snippets)


def _is_in(language: str, snippet: Snippet) -> bool:
    return not snippet.path or language_of(snippet.path, "", "") == language
