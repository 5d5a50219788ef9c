"""Typed errors in the user's words; each edge (HTTP, LSP, CLI, magic) translates them exactly once."""

from __future__ import annotations


class AssistError(Exception):
    """Base of every error that a user of the package may see."""

    code = "internal_error"
    status = 500

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows instead of a traceback: the one line that is meant for the user."""
        return [f"{type(self).__name__}: {self}"]


class InvalidRequestError(AssistError):
    """The request itself is wrong; sending it again unchanged cannot help. `param` names the field at fault."""

    code = "invalid_request_error"
    status = 400

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class ModelNotFoundError(InvalidRequestError):
    """The request names another model than the one that is served."""

    code = "model_not_found"
    status = 404


class ContextTooLongError(InvalidRequestError):
    """The prompt has more tokens than the model's context admits."""

    code = "context_length_exceeded"

    def __init__(self, num_tokens: int, limit: int) -> None:
        super().__init__(
            f"The prompt has {num_tokens} tokens, but the model's context holds {limit}. "
            "Send less text, or choose a model with a longer context."
        )
        self.num_tokens = num_tokens
        self.limit = limit


class BusyError(AssistError):
    """The queue is full; try again after `retry_after` seconds."""

    code = "rate_limit_exceeded"
    status = 429

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class EngineUnavailableError(AssistError):
    """The engine cannot serve now; `state` says why.

    loading, failed or stopped; of a remote one also unreachable, timeout, refused (the key), redirected or untrusted.
    `retry_after` are the seconds after which a remote one asks to be tried again.
    """

    code = "engine_unavailable"
    status = 503

    def __init__(self, message: str, state: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.state = state
        self.retry_after = retry_after


class EngineCrashedError(AssistError):
    """The engine ended in the middle of an answer; what was streamed is incomplete."""

    code = "engine_crashed"
    status = 502


class SupersededError(AssistError):
    """A newer request for the same document took this one's place before it began."""

    code = "superseded"
    status = 409


class ModelError(AssistError):
    """Weights cannot be had, or were refused; `reason` is a short stable name such as `wrong-hash`."""

    code = "model_error"
    status = 503

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class ConnectError(AssistError):
    """No server of ours was found, or it refused the connection."""

    code = "not_connected"
    status = 503
