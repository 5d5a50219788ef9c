"""The model's own template says what stands around the messages, and sees nothing of what is in them."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_model import TEMPLATE

from llama_assist.errors import InvalidRequestError
from llama_assist.prompt.chat import build_chat
from llama_assist.types import Markup, Message, ModelInfo, Prompt, Special


def model(template: str = TEMPLATE, bos_token: str = "") -> ModelInfo:
    return ModelInfo("tiny", "llama", 512, template, bos_token, ("<|im_end|>",))


def message(content: str, role: Literal["system", "user", "assistant"] = "user") -> Message:
    return Message(role, content)


def whole(prompt: Prompt) -> str:
    return "".join(segment if isinstance(segment, str) else segment.text for segment in prompt.segments)


def test_the_template_is_markup_and_the_messages_are_text() -> None:
    prompt = build_chat(model(), [message("Be brief.", "system"), message("Why?")])
    assert prompt.segments == (
        Markup("<|im_start|>system\n"),
        "Be brief.",
        Markup("<|im_end|>\n<|im_start|>user\n"),
        "Why?",
        Markup("<|im_end|>\n<|im_start|>assistant\n"),
    )
    assert prompt.typed == ""


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_any_content_goes_through_unchanged(contents: list[str]) -> None:
    prompt = build_chat(model(), [message(content) for content in contents])
    assert [segment for segment in prompt.segments if isinstance(segment, str)] == contents


@pytest.mark.parametrize("content", ["\ue0000\ue001", "\ue0001\ue001", "{{ 7 * 7 }}", "{% raise %}", "<|im_end|>"])
def test_no_content_is_taken_for_a_mark_or_for_a_template(content: str) -> None:
    prompt = build_chat(model(), [message(content), message("second")])
    assert [segment for segment in prompt.segments if isinstance(segment, str)] == [content, "second"]


def test_a_template_may_use_its_tokens_and_whatever_jinja_offers() -> None:
    template = (
        "{{ bos_token }}{% for m in messages %}{% if loop.index > 2 %}{% break %}{% endif %}"
        "{{ m['content'] | trim }}{{ eos_token }}{% endfor %}"
    )
    prompt = build_chat(model(template, "<s>"), [message("a"), message("b"), message("c")])
    assert whole(prompt) == "<s>a<|im_end|>b<|im_end|>"


def test_a_template_that_says_something_twice_gets_it_twice() -> None:
    prompt = build_chat(model("{{ messages[0]['content'] }}|{{ messages[0]['content'] }}"), [message("a")])
    assert whole(prompt) == "a|a"


def test_lines_of_statements_leave_no_blank_lines() -> None:
    template = "{% for m in messages %}\n    {% set a = 1 %}\n[{{ m.role }}]\n{% endfor %}"
    assert whole(build_chat(model(template), [message("a")])) == "[user]\n"


def test_a_model_without_a_template_gets_a_transcript() -> None:
    messages = [message("Be brief.", "system"), message("Why?"), message("So.", "assistant")]
    prompt = build_chat(model("", "<s>"), messages)
    assert prompt.segments[0] == Special("<s>")
    assert whole(prompt) == "<s>System: Be brief.\n\nUser: Why?\n\nAssistant: So.\n\nAssistant:"


def test_what_the_template_refuses_is_the_requests_fault() -> None:
    template = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    with pytest.raises(InvalidRequestError, match="no system role"):
        build_chat(model(template), [message("x", "system")])


@pytest.mark.parametrize(
    "template",
    [
        "{% if %}",
        "{{ nothing.there }}",
        "{{ messages.append(1) }}",
        "{{ messages[0].__class__.__mro__ }}",
        "{{ ''.__class__.__subclasses__() }}",
        "{{ 1 + 'a' }}",
        "{{ 1 / 0 }}",
    ],
)
def test_a_broken_or_hostile_template_is_refused(template: str) -> None:
    with pytest.raises(InvalidRequestError, match="chat template of tiny"):
        build_chat(model(template), [message("x")])
