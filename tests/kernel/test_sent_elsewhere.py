"""An answer from an engine elsewhere says in its last line where the text went and what was left out of it."""

from __future__ import annotations

from llama_assist.kernel.answer import Answer


def answered(**details: object) -> str:
    answer = Answer()
    answer.add({"model": "m", "choices": [{"index": 0, "delta": {"content": "Yes."}}], "llama_assist": details})
    answer.end()
    return answer.footer


def test_the_footer_names_the_server_and_counts_what_was_left_out() -> None:
    line = answered(remote={"origin": "https://gpu.example", "model": "m"}, redacted={"token": 2, "password": 1})
    assert "sent to https://gpu.example" in line
    assert "3 secrets left out" in line


def test_an_answer_from_this_machine_says_nothing_of_it() -> None:
    assert "sent to" not in answered()
