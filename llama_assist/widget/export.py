"""A conversation as a Markdown file that is as inert as the panel: no pictures, no HTML, no links."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from markdown_it import MarkdownIt

from llama_assist.errors import AssistError
from llama_assist.render import render_plain
from llama_assist.widget.state import Turn

_SPAN = re.compile(r"(?<![`\\])(`+)(?!`)[^`\n]+(?<!`)\1(?!`)")
_MEANS = re.compile(r"[<\[\]&\\$~]")
_MEANS_AT_ALL = re.compile(r"[<\[\]&\\$~`]")
_LIVE = {"html_inline", "html_block", "link_open", "image"}
MAX_FILES = 1000


def as_markdown(turns: Sequence[Turn], title: str) -> str:
    """Return the conversation; what the model wrote can neither load nor link anything in whatever shows it."""
    parts = [f"# {_line(title)}"]
    for turn in turns:
        parts += [f"## {_line(turn.subject)}", inert(turn.text)]
        cited = ", ".join(f"cell {number}" for number in turn.cells)
        parts += [f"*{_line(line)}*" for line in (f"Cites {cited}" if cited else "", turn.note) if line]
    return "\n\n".join(part.strip("\n") for part in parts if part.strip()) + "\n"


def save(text: str, folder: Path, stem: str) -> Path:
    """Write a new file `<stem>.md`, or with the first free number; never over another file."""
    for number in range(1, MAX_FILES):
        path = folder / (f"{stem}.md" if number == 1 else f"{stem}-{number}.md")
        try:
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except FileExistsError:
            continue
        except OSError as error:
            raise AssistError(f"The conversation cannot be written to {path}: {error.strerror}.") from error
        return path
    raise AssistError(f"There are {MAX_FILES - 1} conversations in {folder} already: delete or move some.")


def inert(text: str) -> str:
    """Return Markdown that looks as `text` does, but in which nothing is fetched, linked or read as HTML.

    Code blocks at the outermost level are written anew, in fences that their content cannot close. In all else the
    characters that begin links, pictures, formulas and HTML are escaped, in code spans only where it is needed.
    """
    lines = render_plain(text).split("\n")
    pieces, position = [], 0
    for token in _parser(html=False).parse("\n".join(lines)):
        if token.type == "fence" and token.level == 0 and token.map is not None:
            pieces += [_prose("\n".join(lines[position : token.map[0]])), _fenced(token.content, token.info)]
            position = token.map[1]
    return "\n".join([*pieces, _prose("\n".join(lines[position:]))]).strip("\n")


def _line(text: str) -> str:
    """Return text as one line of plain words."""
    return _MEANS_AT_ALL.sub(r"\\\g<0>", " ".join(render_plain(text).split()))


def _fenced(code: str, info: str) -> str:
    longest = max(map(len, re.findall(r"`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    language = re.match(r"[\w+-]*", info.strip())
    return f"\n{fence}{language[0] if language is not None else ''}\n{code.rstrip(chr(10))}\n{fence}\n"


def _prose(text: str) -> str:
    pieces, position = [], 0
    for span in _SPAN.finditer(text):
        pieces += [_MEANS.sub(r"\\\g<0>", text[position : span.start()]), span[0]]
        position = span.end()
    escaped = "".join([*pieces, _MEANS.sub(r"\\\g<0>", text[position:])])
    return escaped if _is_inert(escaped) else _MEANS_AT_ALL.sub(r"\\\g<0>", text)


def _is_inert(text: str) -> bool:
    tokens = _parser(html=True).parse(text)
    return not _LIVE & {each.type for token in tokens for each in (token, *(token.children or ()))}


def _parser(*, html: bool) -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": html}).enable(["table", "strikethrough"])
