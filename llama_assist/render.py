"""Model text in, inert HTML or plain text out: the only way any surface may show what a model wrote."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

SCHEMES = frozenset({"http", "https", "mailto"})
# fmt: off
TAGS = frozenset({
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
})
# fmt: on
ATTRIBUTES = {"a": {"href", "rel"}, "ol": {"start"}, "span": {"class"}}
CLASS_PREFIX = "la-"
LINK_REL = "noopener noreferrer nofollow"

# JupyterLab and nbconvert hand every `$...$` of an HTML output to MathJax, whose TeX knows links and
# styles of its own; these are the class names with which MathJax 3 and 2 are told to keep out.
_WRAPPER_CLASSES = "llama-assist mathjax_ignore tex2jax_ignore"

# Colours come from the front end's theme where it has one. Where a front end drops the <style>
# element (an untrusted notebook), the code is shown without colours.
_STYLE = (
    "<style>"
    ".llama-assist{line-height:1.5}"
    ".llama-assist>:first-of-type{margin-top:0}"
    ".llama-assist .la-note{opacity:.7;font-size:90%;margin:.3em 0}"
    ".llama-assist .la-url{opacity:.7;overflow-wrap:anywhere}"
    ".llama-assist [class^=la-k],.llama-assist .la-ow{color:var(--jp-mirror-editor-keyword-color,#008000)}"
    ".llama-assist [class^=la-c]{color:var(--jp-mirror-editor-comment-color,#408080)}"
    ".llama-assist [class^=la-s]{color:var(--jp-mirror-editor-string-color,#ba2121)}"
    ".llama-assist [class^=la-m]{color:var(--jp-mirror-editor-number-color,#080)}"
    ".llama-assist .la-nf,.llama-assist .la-nc{color:var(--jp-mirror-editor-def-color,#00f)}"
    "</style>"
)

# Highlighting is for short code in these languages; regular expressions of rarer lexers are not
# trusted with hostile text.
# fmt: off
_LANGUAGES = frozenset({
    "bash", "c", "cpp", "css", "diff", "go", "html", "ini", "ipython", "javascript", "js", "json", "julia",
    "latex", "markdown", "py", "python", "python3", "r", "ruby", "rust", "sh", "shell", "sql", "toml", "ts",
    "typescript", "xml", "yaml",
})
# fmt: on
_MAX_HIGHLIGHTED = 8_000

_UNSAFE = re.compile(
    r"(?:\x1b\]|\x9d)[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"  # OSC: titles, links, clipboard
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x9c\n]*(?:\x1b\\|\x9c)?"  # DCS, SOS, PM, APC
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI: colours, cursor
    r"|\x1b[ -/]*[0-~]?"  # every other escape sequence
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"  # C0, DEL, C1
    r"|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # every Bidi_Control character
)
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """One fenced code block; `language` is the first word after the fence, lower case, or empty.

    `closed` is false while its closing fence has not arrived.
    """

    code: str
    language: str = ""
    closed: bool = True

    def __str__(self) -> str:
        return self.code


def render_plain(text: str) -> str:
    """Return `text` without control characters (newline and tab stay), escape sequences and bidi controls.

    For a growing text the result only ever grows at its end, so that a terminal can print the difference.
    """
    return _SURROGATE.sub("\ufffd", _UNSAFE.sub("", text))


def render_html(text: str, note: str = "") -> str:
    """Return `text`, read as CommonMark with tables, as HTML of allow-listed tags only.

    No images, nothing fetched, no `id`, `name`, `style` or `data-*`; links are absolute http, https or
    mailto, followed by their target in plain sight. `note` is a line of our own words set below.
    """
    body = sanitize(_markdown().render(render_plain(text)))
    if note:
        body += f'<p class="la-note">{html.escape(note)}</p>'
    return f'<div class="{_WRAPPER_CLASSES}">{_STYLE}{body}</div>'


def sanitize(fragment: str) -> str:
    """Return the allow-listed part of an HTML fragment; whatever wrote it, the result is inert."""
    return nh3.clean(
        fragment,
        tags=set(TAGS),
        attributes=ATTRIBUTES,
        set_tag_attribute_values={"a": {"rel": LINK_REL}},
        attribute_filter=_filter_attribute,
        url_schemes=set(SCHEMES),
        link_rel=None,
    )


def code_blocks(text: str) -> list[CodeBlock]:
    """Return the fenced code blocks of `text` in order, also those in lists and quotes."""
    lines = render_plain(text).split("\n")
    tokens = _markdown().parse("\n".join(lines))
    return [_code_block(token, lines) for token in tokens if token.type == "fence"]


def _code_block(token: Token, lines: Sequence[str]) -> CodeBlock:
    assert token.map is not None, "a fence always knows its lines"
    start, end = token.map
    last = lines[end - 1].strip(" \t>")
    closed = end - start > 1 and set(last) == {token.markup[0]} and len(last) >= len(token.markup)
    return CodeBlock(code=token.content, language=_language(token), closed=closed)


def _language(token: Token) -> str:
    words = token.info.split()
    return words[0].strip("{}.").lower() if words else ""


@cache
def _markdown() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False})
    parser.enable(["table", "strikethrough"])
    parser.validateLink = _is_allowed_link  # type: ignore[method-assign]
    parser.add_render_rule("image", _image)
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("link_close", _link_close)
    return parser


def _is_allowed_link(url: str) -> bool:
    """Relative addresses are refused too: they would act on the Jupyter server that shows the answer."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in SCHEMES and bool(parts.netloc or parts.scheme == "mailto")


def _filter_attribute(tag: str, attribute: str, value: str) -> str | None:
    return value if attribute in ATTRIBUTES.get(tag, ()) and _is_allowed_value(attribute, value) else None


def _is_allowed_value(attribute: str, value: str) -> bool:
    match attribute:
        case "href":
            return _is_allowed_link(value)
        case "class":
            return all(name.startswith(CLASS_PREFIX) for name in value.split())
        case "start":
            return value.isdecimal()
    return value == LINK_REL


def _image(self: RendererHTML, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
    return html.escape(self.renderInlineAsText(tokens[idx].children, options, env))


def _fence(self: RendererHTML, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
    token = tokens[idx]
    return f"<pre><code>{_highlighted(token.content, _language(token))}</code></pre>\n"


def _link_close(self: RendererHTML, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
    """Say where the link leads, unless its text already does."""
    opening = _opening(tokens, idx)
    target = str(tokens[opening].attrs["href"])
    label = "".join(token.content for token in tokens[opening + 1 : idx])
    if label in (target, target.removeprefix("mailto:")):
        return "</a>"
    return f'</a> <span class="la-url">({html.escape(target)})</span>'


def _opening(tokens: Sequence[Token], idx: int) -> int:
    """Links do not nest, so the nearest `link_open` before a `link_close` is its own."""
    return next(i for i in range(idx, -1, -1) if tokens[i].type == "link_open")


def _highlighted(code: str, language: str) -> str:
    if language not in _LANGUAGES or len(code) > _MAX_HIGHLIGHTED:
        return html.escape(code)
    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    return str(highlight(code, lexer, HtmlFormatter(nowrap=True, classprefix=CLASS_PREFIX)))


Surface = Literal["text/html", "text/plain"]


def render_bundle(text: str, note: str = "") -> dict[Surface, str]:
    """Return the two forms in which a notebook output shows `text`; never Markdown, never scripts."""
    plain = render_plain(text)
    if note:
        plain += f"\n\n[{note}]"
    return {"text/html": render_html(text, note), "text/plain": plain}
