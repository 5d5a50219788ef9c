"""Suggestions as the protocol's items: ghost text for new editors, the completion list for older ones."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lsprotocol import types

from llama_assist.lsp.documents import Text
from llama_assist.lsp.suggestions import Suggestion

ACCEPTED = "llama-assist.accepted"
_WORD = re.compile(r"\w*\Z")
_LABEL = 60


def accepted(suggestion: Suggestion) -> types.Command:
    """Return what the editor sends when the suggestion is taken."""
    return types.Command("Count an accepted suggestion", ACCEPTED, arguments=[suggestion.written])


def inline_item(suggestion: Suggestion) -> types.InlineCompletionItem:
    """Return the item; plain text, for a snippet would read `$` in code as its own."""
    return types.InlineCompletionItem(insert_text=suggestion.text, range=suggestion.range, command=accepted(suggestion))


def list_items(text: Text, offset: int, suggestions: Iterable[Suggestion]) -> list[types.CompletionItem]:
    """Return the same for a completion list: from the start of the word, which editors filter and replace by."""
    line = text.lines.line_start(text.lines.line_of(offset))
    word = _WORD.search(text.text[line:offset])
    typed = word[0] if word is not None else ""
    where = text.lines.range(offset - len(typed), offset)
    return [_list_item(typed, each, where, place) for place, each in enumerate(suggestions)]


def _list_item(typed: str, suggestion: Suggestion, where: types.Range, place: int) -> types.CompletionItem:
    whole = typed + suggestion.text
    first, more, _ = whole.lstrip("\n").partition("\n")
    label = first.strip() or whole.strip()
    return types.CompletionItem(
        label=label[:_LABEL] + (" …" if more or len(label) > _LABEL else ""),
        kind=types.CompletionItemKind.Text,
        detail="llama-assist",
        documentation=whole,
        sort_text=f"0{place}",
        filter_text=whole,
        insert_text_format=types.InsertTextFormat.PlainText,
        insert_text_mode=types.InsertTextMode.AsIs,
        text_edit=types.TextEdit(where, whole),
        command=accepted(suggestion),
    )
