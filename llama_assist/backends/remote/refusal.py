"""What a status other than 200 means to the user, and what a connection that fails does."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from llama_assist.backends.remote.answer import error_text
from llama_assist.backends.remote.endpoint import KEY_VARIABLE, Endpoint
from llama_assist.backends.remote.http import Response, SilenceError
from llama_assist.errors import (
    AssistError,
    BusyError,
    ContextTooLongError,
    EngineUnavailableError,
    InvalidRequestError,
)

MAX_ERROR = 64 * 1024  # bytes of an error's body that are read
MAX_WAIT = 3600  # seconds; a server that says more than this to wait is not believed
_LIMIT = re.compile(r"maximum context length (?:is|of) (\d+)", re.I)
_ASKED = re.compile(r"(?:requested|contains at least|has|contains) (\d+) (?:input |output )?tokens", re.I)


async def refusal(endpoint: Endpoint, response: Response) -> AssistError:
    """Return the error that a response stands for; the server's own words are part of it."""
    body = await _body(response)
    words = f": {error_text(body)}" if body else "."
    status, wait = response.status, retry_after(response.headers.get("retry-after", ""))
    if 300 <= status < 400:
        return _redirected(endpoint, response.headers.get("location", ""))
    if status in (401, 403):
        return EngineUnavailableError(_no_key(endpoint, status), "refused")
    if status == 429:
        message = f"The engine at {endpoint.origin} takes no more requests now{words}"
        return BusyError(message, 1 if wait is None else wait)
    if 400 <= status < 500 and status not in (404, 405):  # the model or the route is not there any more
        return _too_long(body) or InvalidRequestError(f"The engine at {endpoint.origin} refused the request{words}")
    state = "loading" if status == 503 and wait is not None else "failed"
    return EngineUnavailableError(f"The engine at {endpoint.origin} answered {status}{words}", state, wait)


def unreachable(endpoint: Endpoint, error: OSError) -> EngineUnavailableError:
    """Return the error for a connection that failed."""
    if isinstance(error, SilenceError):
        return EngineUnavailableError(f"The engine at {endpoint.origin} does not answer: {error}.", "timeout")
    verdict = getattr(error, "verify_message", "")  # of ssl.SSLCertVerificationError
    if verdict:
        return EngineUnavailableError(
            f"The certificate of {endpoint.origin} is not trusted ({verdict}). Set SSL_CERT_FILE to its certificate.",
            "untrusted",
        )
    return EngineUnavailableError(
        f"The engine at {endpoint.origin} cannot be reached ({error}). Is it running, and is backend_url right?",
        "unreachable",
    )


def retry_after(value: str) -> int | None:
    """Return the seconds that the header asks to wait, which it gives as a number or as a date."""
    if value.isascii() and value.isdecimal():
        return min(int(value[:9]), MAX_WAIT)
    try:
        then = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    then = then if then.tzinfo is not None else then.replace(tzinfo=timezone.utc)
    return min(max(0, round((then - datetime.now(timezone.utc)).total_seconds())), MAX_WAIT)


async def _body(response: Response) -> object:
    try:
        return json.loads(await response.read(MAX_ERROR))
    except (OSError, ValueError, RecursionError):
        return None  # the status says enough


def _redirected(endpoint: Endpoint, location: str) -> EngineUnavailableError:
    parts = urlsplit(location)
    place = f"{parts.scheme}://{parts.hostname}" if parts.hostname else "another path"
    return EngineUnavailableError(
        f"The engine at {endpoint.origin} redirects to {place}. Redirects are not followed, so that text and key go "
        "nowhere else; if that place is meant, set backend_url to it.",
        "redirected",
    )


def _no_key(endpoint: Endpoint, status: int) -> str:
    if endpoint.key:
        return (
            f"The engine at {endpoint.origin} refused the key ({status}). Check it in {KEY_VARIABLE} or backend_keys."
        )
    return (
        f"The engine at {endpoint.origin} wants a key ({status}). Put it into {KEY_VARIABLE}, which goes to the origin "
        "of backend_url only, or under this origin into backend_keys."
    )


def _too_long(body: object) -> ContextTooLongError | None:
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        asked, limit = (error.get("n_prompt_tokens"), error.get("n_ctx"))  # llama.cpp
        if error.get("code") == ContextTooLongError.code and "num_tokens" in error:  # one of ours
            asked, limit = error.get("num_tokens"), error.get("limit")
        if isinstance(asked, int) and isinstance(limit, int):
            return ContextTooLongError(asked, limit)
    words = error_text(body) if body else ""
    limits, numbers = _LIMIT.search(words), _ASKED.search(words)  # vLLM
    return ContextTooLongError(int(numbers[1]), int(limits[1])) if limits and numbers else None
