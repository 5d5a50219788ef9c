"""Which engine answers: this machine's or a remote one, for completions and for chat, by settings and by name."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Literal

from llama_assist.backends import Backend, Guarded
from llama_assist.config import Assist
from llama_assist.errors import ModelNotFoundError
from llama_assist.types import Prompt

Kind = Literal["inline", "chat"]
LOCAL = "local"  # as a URL: the engine on this machine, where completions have a remote one


def make_chat_backend(config: Assist, log: logging.Logger | None = None) -> Backend | None:
    """Return the backend of chat and tasks, or None where it is that of completions; nothing is started or sent.

    Raises as `make_backend` does.
    """
    url = "" if config.chat_backend_url == LOCAL else config.chat_backend_url or config.backend_url
    model = config.chat_model or config.model
    if (url, model) == (config.backend_url, config.model):
        return None
    chat = Assist(**{name: getattr(config, name) for name in Assist.class_own_traits(config=True)})
    chat.model, chat.backend_url = model, url
    return make_backend(chat, log, config.backend_url)


def make_backend(config: Assist, log: logging.Logger | None = None, key_url: str = "") -> Backend:
    """Return the backend of completions, for which nothing is started or sent yet.

    The environment's key is for the origin of `key_url`, or else for the backend's own. Raises `InvalidRequestError`
    for a URL or a key that cannot be one.
    """
    if not config.backend_url:
        from llama_assist.backends.local import LocalBackend  # its tokenizer takes time to load

        return LocalBackend(config, log)
    from llama_assist.backends.remote import RemoteBackend, read_endpoint

    endpoint = read_endpoint(config.backend_url, config.backend_keys, key_url or config.backend_url)
    return RemoteBackend(config, endpoint, log)


def find_backend(backends: Sequence[Backend], config: Assist, asked: str, kind: Kind) -> Backend:
    """Return the backend that serves the model that was `asked` for, or requests of this kind where none was.

    Raises `ModelNotFoundError`.
    """
    inline, chat = backends[0], backends[-1]
    usual = chat if kind == "chat" else inline
    if not asked:
        return usual
    names = [(usual, usual.status().model), (inline, inline.status().model), (chat, chat.status().model)]
    names += [(inline, config.model), (chat, config.chat_model)]
    found = next((backend for backend, name in names if name == asked), None)
    if found is None:
        served = "`, `".join(dict.fromkeys(backend.status().model for backend in backends))
        raise ModelNotFoundError(f"The model `{asked}` is not served here. Ask for `{served}`.", "model")
    return found


def as_sent(backend: Backend, text: str) -> str:
    """Return a text as it leaves this machine: without the secrets in it, where the engine is elsewhere."""
    if not isinstance(backend, Guarded):
        return text
    (sent,) = backend.outgoing(Prompt((text,))).segments
    assert isinstance(sent, str)
    return sent
