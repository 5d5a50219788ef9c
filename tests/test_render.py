"""Nothing that a model writes runs, fetches, or reaches beyond its own output."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from payloads import PAYLOADS, STREAMED

from llama_assist.render import CodeBlock, code_blocks, render_bundle, render_html, render_plain, sanitize

# fmt: off
ALLOWED = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}
MARKUP = [
    "<", ">", "[", "](", ")", "!", "`", "```\n", "\n", "\n\n", "> ", "- ", "1. ", "|", "---", "&", "#x6A;", "\\", '"',
    "'", "script", "img src=x onerror=1", "javascript:", "http://e", "</div>", "<!--", "[r]", "[r]: ", "\x1b]",
    "\u202e", "$", " ",
]
# fmt: on
VOID = {"br", "hr"}
REL = "noopener noreferrer nofollow"
STYLE = render_html("").partition("<style>")[2].partition("</style>")[0]
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Inspector(HTMLParser):
    """Fails on everything that is not on the list, and on tags that close more than they opened."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[str] = []
        self.text = ""
        self.num_wrappers = self.num_styles = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "div":
            assert attrs == [("class", "llama-assist mathjax_ignore tex2jax_ignore")]
            assert not self.stack
            self.num_wrappers += 1
        elif tag == "style":
            assert not attrs
            self.num_styles += 1
        else:
            assert self.stack, f"<{tag}> stands outside of the wrapper"
            assert tag in ALLOWED
            self.check_attributes(tag, dict(attrs))
        if tag not in VOID:
            self.stack.append(tag)

    def check_attributes(self, tag: str, attributes: dict[str, str | None]) -> None:
        allowed = {"a": {"href", "rel"}, "span": {"class"}, "p": {"class"}, "ol": {"start"}}.get(tag, set())
        assert set(attributes) <= allowed
        if tag == "a":
            assert urlsplit(attributes.get("href", "http:")).scheme in {"http", "https", "mailto"}
            assert attributes["rel"] == REL
        if tag in {"span", "p"} and "class" in attributes:
            assert all(name.startswith("la-") for name in attributes["class"].split())

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.stack and self.stack[-1] == "style":
            assert data == STYLE
        else:
            self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"comment {data!r}")

    handle_decl = handle_pi = unknown_decl = handle_comment


def inspect(html: str) -> Inspector:
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()
    assert not inspector.stack
    assert (inspector.num_wrappers, inspector.num_styles) == (1, 1)
    assert not BIDI & set(html)
    assert not [c for c in html if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160]
    return inspector


def prefixes(payload: str) -> list[str]:
    """Every text that has arrived after a byte of `payload`."""
    data = payload.encode("utf-8", "replace")
    return [data[:end].decode("utf-8", "ignore") for end in range(len(data) + 1)]


def test_there_are_enough_payloads() -> None:
    assert len(set(PAYLOADS)) >= 200
    assert len(set(STREAMED)) >= 20


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_hostile_answer_is_inert(payload: str) -> None:
    inspect(render_html(payload))
    inspect(render_html(f"Some text {payload} and more.\n\n{payload}\n"))


@pytest.mark.parametrize("payload", STREAMED)
def test_a_hostile_answer_is_inert_after_every_byte_of_its_stream(payload: str) -> None:
    for text in prefixes(payload):
        inspect(render_html(text))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_the_sanitizer_alone_makes_raw_html_inert(payload: str) -> None:
    empty = render_html("")
    inspect(empty.replace("</div>", sanitize(render_plain(payload)) + "</div>"))


@given(st.lists(st.sampled_from(MARKUP), max_size=40).map("".join))
def test_any_mixture_of_markup_is_inert(text: str) -> None:
    inspect(render_html(text))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_plain_text_grows_only_at_its_end_and_holds_no_control_characters(payload: str) -> None:
    shown = ""
    for text in prefixes(payload):
        plain = render_plain(text)
        assert plain.startswith(shown)
        shown = plain
    assert not [c for c in shown if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160 or c in BIDI]


def test_escape_sequences_vanish_whole_and_text_around_them_stays() -> None:
    assert render_plain("a\x1b]0;title\x07b\x1b[1;31mc\x1b]8;;http://e\x1b\\d\x1b(Be\r\nf\tg") == "abcde\nf\tg"


def test_text_with_other_scripts_and_emoji_is_unchanged() -> None:
    text = "你好，世界 — naïve ∑ 👩‍👩‍👧 हिन्दी\n\tx = {'a': {b}}"
    assert render_plain(text) == text
    assert "你好，世界" in inspect(render_html(text)).text


def test_an_image_becomes_its_description() -> None:
    inspector = inspect(render_html("see ![a **bold** cat](http://evil.example/x.png)!"))
    assert "see a bold cat!" in inspector.text
    assert "evil" not in render_html("![cat](http://evil.example/x.png)")


def test_a_link_shows_where_it_leads() -> None:
    inspector = inspect(render_html("[http://good.example](http://evil.example/?a=1&b=2)"))
    assert "http://good.example (http://evil.example/?a=1&b=2)" in inspector.text


def test_a_link_whose_text_is_its_target_shows_it_once() -> None:
    assert inspect(render_html("<https://a.example/x>")).text.count("https://a.example/x") == 1
    assert "(" not in inspect(render_html("<a@b.example>")).text


def test_a_refused_link_stays_readable_as_its_source() -> None:
    assert "[x](javascript:alert(1))" in inspect(render_html("[x](javascript:alert(1))")).text


def test_markdown_is_shown_as_structure() -> None:
    html = render_html("# T\n\n- **a**\n- `b`\n\n3. c\n\n| x | y |\n|---|---|\n| 1 | 2 |\n")
    for part in ("<h1>T</h1>", "<strong>a</strong>", "<code>b</code>", '<ol start="3">', "<td>2</td>"):
        assert part in html


def test_code_is_highlighted_by_class_and_its_text_is_exact() -> None:
    code = "def f(x):\n    return {'<b>': x} # 'q' & \"r\"\n"
    html = render_html(f"```python\n{code}```")
    assert '<span class="la-k">def</span>' in html
    assert code in inspect(html).text


@pytest.mark.parametrize("fence", ["```python", "```python\n", "```python\nx = 1", "~~~~\nx"])
def test_an_open_fence_is_shown_as_code_while_it_streams(fence: str) -> None:
    html = render_html(f"Look:\n\n{fence}")
    assert "<pre><code>" in html
    assert "`" not in inspect(html).text


def test_mathjax_is_told_to_keep_out_of_model_text() -> None:
    classes = render_html("$x$").split('"')[1].split()
    assert {"mathjax_ignore", "tex2jax_ignore"} <= set(classes)


def test_our_note_is_escaped_and_set_apart() -> None:
    html = render_html("text", note="<b>stopped</b>")
    assert '<p class="la-note">&lt;b&gt;stopped&lt;/b&gt;</p>' in html
    inspect(html)


def test_a_bundle_has_a_plain_twin_and_no_markdown() -> None:
    bundle = render_bundle("*a* \x1b[1mb", note="cut")
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"] == "*a* b\n\n[cut]"


def test_code_blocks_are_found_with_language_and_state() -> None:
    text = "a\n```Python title=x\nx = '```'\n```\n- item\n  ~~~\n  y\n  ~~~\n\n```{r}\nz\n``` no\n"
    assert code_blocks(text) == [
        CodeBlock("x = '```'\n", "python"),
        CodeBlock("y\n", ""),
        CodeBlock("z\n``` no\n", "r", closed=False),
    ]
    assert str(code_blocks(text)[0]) == "x = '```'\n"


def test_code_blocks_hold_no_hidden_characters() -> None:
    assert code_blocks("```\na\u202eb\x1b[1mc\n```") == [CodeBlock("abc\n")]


def test_a_very_long_block_is_shown_without_colours_but_whole() -> None:
    code = "x = 1\n" * 5000
    html = render_html(f"```python\n{code}```")
    assert "la-n" not in html.replace("la-note", "").replace("la-nf", "").replace("la-nc", "")
    assert code in inspect(html).text
