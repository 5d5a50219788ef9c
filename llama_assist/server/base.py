"""What every route shares: a bounded body, errors in OpenAI's shape, and logs without anybody's text."""

from __future__ import annotations

import json
import logging
import traceback
from types import TracebackType
from typing import Any

from jupyter_server.base.handlers import APIHandler
from tornado import web

from llama_assist import wire
from llama_assist.assistant import Assistant
from llama_assist.errors import AssistError, InvalidRequestError

Route = tuple[str, type["AssistHandler"], dict[str, Any]]
"""An address, its handler, and what the handler is made with."""

MAX_BODY = 2 * 1024 * 1024
DRAINED_BODY = 16 * MAX_BODY  # Read and dropped rather than cut off: many clients lose the reply to a body cut off.


class BodyTooLargeError(InvalidRequestError):
    """The body of the request is larger than `MAX_BODY`."""

    status = 413


@web.stream_request_body
class AssistHandler(APIHandler):
    """Base of the routes. Only the methods in `SUPPORTED_METHODS` exist, and each must name its permission."""

    def initialize(self, assistant: Assistant) -> None:
        """Keep the `assistant` that all routes share."""
        self.assistant = assistant
        self._body = bytearray()
        self._num_received = 0

    async def prepare(self) -> None:  # type: ignore[override]
        """Authenticate, then refuse a body that is declared far too large before it is sent."""
        connection: Any = self.request.connection
        connection.set_max_body_size(DRAINED_BODY)
        await super().prepare()
        if self._declared_size() > DRAINED_BODY:
            raise _too_large()

    def data_received(self, chunk: bytes) -> None:
        """Keep `chunk`, unless the body has become too large."""
        self._num_received += len(chunk)
        if self._num_received <= MAX_BODY:
            self._body += chunk
        else:
            self._body.clear()

    def json_body(self) -> object:
        """Return the body; raise `InvalidRequestError` where it is too large or no JSON."""
        if self._num_received > MAX_BODY:
            raise _too_large()
        try:
            return json.loads(self._body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise InvalidRequestError("The body is not valid JSON.") from None

    def _declared_size(self) -> int:
        try:
            return int(self.request.headers.get("Content-Length", "0"))
        except ValueError:
            return 0

    def error_body(self, error: AssistError) -> wire.Json:
        """Return the body that tells a client of this route of `error`."""
        return wire.error_body(error)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with the error object of whatever was raised."""
        exc_info = kwargs.get("exc_info")
        error = assist_error(exc_info[1] if exc_info else None, status_code)
        self.set_status(error.status)
        for name, value in wire.error_headers(error).items():
            self.set_header(name, value)
        self.finish(json.dumps(self.error_body(error)))

    def log_exception(
        self, typ: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Log the kind of the error and the place where it arose: its message may quote the prompt."""
        if isinstance(value, (AssistError, web.HTTPError)):
            status = value.status if isinstance(value, AssistError) else value.status_code
            level = logging.WARNING if status >= 500 else logging.DEBUG
            self.log.log(level, "%s refused: %d %s", self.request.path, status, type(value).__name__)
        else:
            name = typ.__name__ if typ else "error"
            frames = "".join(traceback.format_tb(tb))
            self.log.error("%s failed with %s\n%s", self.request.path, name, frames)


def _too_large() -> BodyTooLargeError:
    return BodyTooLargeError(f"The body is larger than {MAX_BODY} bytes. Send fewer cells or outputs.")


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def assist_error(raised: BaseException | None, status: int = 500) -> AssistError:
    """Return the error to show for whatever was `raised`; only the texts of known kinds are passed on."""
    if isinstance(raised, AssistError):
        return raised
    if not isinstance(raised, web.HTTPError):
        return AssistError("The server failed unexpectedly. Its log tells where.")
    said = "" if "_xsrf" in (raised.log_message or "") else raised.log_message  # what Jupyter says without any key
    error = AssistError(said or _HTTP_MESSAGES.get(status) or f"The server answered {status}.")
    error.status, error.code = status, _HTTP_CODES.get(status, InvalidRequestError.code)
    return error


_HTTP_CODES = {403: "permission_denied", 405: "method_not_allowed"}
_HTTP_MESSAGES = {
    403: "A credential is missing or wrong. Send the Jupyter server's token as `Authorization: Bearer TOKEN`.",
    404: "Requests from pages of another origin are not answered.",
    405: "This address does not take this method.",
}
