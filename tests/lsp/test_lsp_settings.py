"""Settings have defaults, and wrong ones are named and not taken."""

from __future__ import annotations

import pytest

from llama_assist.lsp.settings import Settings, read_settings


def test_nothing_given_means_the_defaults() -> None:
    assert read_settings(None) == (Settings(), [])
    assert read_settings({}) == (Settings(), [])


def test_settings_are_taken() -> None:
    given = {"maxTokens": 40, "hover": "explain", "codeActions": False, "url": "http://localhost:1", "candidates": None}
    settings, complaints = read_settings(given)
    assert settings == Settings(max_tokens=40, hover="explain", code_actions=False, url="http://localhost:1")
    assert not complaints


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"maxTokns": 4}, "`maxTokns` is no setting of llama-assist. There are: url, key,"),
        ({"maxTokens": 0}, "`maxTokens` must lie between 1 and 1024; the default is used."),
        ({"candidates": True}, "`candidates` must be a whole number; the default is used."),
        ({"hover": "always"}, "`hover` must be one of known, explain, off; the default is used."),
        ([1], "initializationOptions must be an object; the defaults are used."),
    ],
)
def test_a_wrong_setting_is_named(given: object, complaint: str) -> None:
    settings, (said,) = read_settings(given)
    assert settings == Settings()
    assert said.startswith(complaint)
