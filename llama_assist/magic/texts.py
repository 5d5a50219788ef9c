"""Texts to summarize: from a file, a variable or the cell itself, cut into parts that a model can read at once."""

from __future__ import annotations

import json
import re
from pathlib import Path

from IPython.core.error import UsageError

from llama_assist.kernel.history import History, Ran

MAX_FILE = 2_000_000  # bytes
PART = 7_000  # bytes of UTF-8: about 2,000 tokens in most languages
MAX_PARTS = 24

_SUMMARIZE = "Summarize the following text in a few sentences, in the language in which it is written."
# A small model answers in the language of the request.
_SUMMARIZE_IN = (
    ("[\u3040-\u30ff]", "次の文章を数文で要約してください。"),
    ("[\u4e00-\u9fff]", "请用几句话概括下面的文字。"),
    ("[\uac00-\ud7af]", "다음 글을 몇 문장으로 요약해 주세요."),
    ("[\u0400-\u04ff]", "Кратко, в нескольких предложениях, перескажи следующий текст."),
)


def read_text(name: str) -> str:
    """Return the text of a file; raise `UsageError` where it is too large or no text."""
    path = Path(name).expanduser()
    try:
        if path.stat().st_size > MAX_FILE:
            raise UsageError(f"{name} is larger than {MAX_FILE // 1_000_000} MB. Summarize a part of it.")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{name} is no text in UTF-8.") from None
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}.") from None


def read_notebook(name: str) -> History:
    """Return the cells of a notebook file, numbered from 1 as they stand."""
    try:
        cells = json.loads(read_text(name))["cells"]
        found = [Ran(number, "".join(cell["source"]), "", cell["cell_type"]) for number, cell in enumerate(cells, 1)]
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{name} is no notebook.") from None
    return History(tuple(found), now=max(1, len(found)))


def parts(text: str) -> list[str]:
    """Return `text` in pieces of at most `PART` bytes that end with a paragraph, a line or a word where they can."""
    pieces, rest = [], text.strip()
    while rest:
        size = _fitting(rest)
        if size < len(rest):
            ends = (rest.rfind(mark, size // 2, size) for mark in ("\n\n", "\n", "。", ". ", " "))
            size = next((end + 1 for end in ends if end >= 0), size)
        pieces.append(rest[:size].strip())
        rest = rest[size:].strip()
    if len(pieces) > MAX_PARTS:
        raise UsageError(f"The text has {len(text):,} characters, too many to read. Summarize a part of it.")
    return pieces


def summary_question(text: str) -> str:
    """Return what to say to a model that is to summarize a text, in the language of most of it."""
    requests = (request for letters, request in _SUMMARIZE_IN if 3 * len(re.findall(letters, text)) > len(text))
    return f"{next(requests, _SUMMARIZE)}\n\n{text}"


def _fitting(text: str) -> int:
    """Return how many characters from the beginning have at most `PART` bytes."""
    return len(text[:PART].encode("utf-8", "surrogatepass")[:PART].decode("utf-8", "ignore"))
