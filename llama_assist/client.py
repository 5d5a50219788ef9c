"""One HTTP client for every process that is not the server: OpenAI's shapes as dicts in, dicts out, streamed."""

from __future__ import annotations

import codecs
import http.client
import json
import socket
import ssl
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote, unquote, urlsplit
from weakref import WeakSet

from llama_assist.errors import (
    AssistError,
    BusyError,
    ConnectError,
    ContextTooLongError,
    EngineCrashedError,
    EngineUnavailableError,
    InvalidRequestError,
    ModelError,
    ModelNotFoundError,
    SupersededError,
)

_CUT = "The connection to the assistant ended before the answer did; what was streamed is incomplete."


class Client:
    """Speaks to the extension at `url` (ends in `/llama-assist/`), one connection a request.

    Schemes: http, https, and http+unix with the percent-encoded socket path as host. No proxy is used
    and no redirect followed, so the token reaches nobody but the server named by `url`. `timeout` is
    in seconds and bounds connecting and the short GET routes; an answer may take as long as it takes.
    """

    def __init__(self, url: str, token: str, timeout: float = 10.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _CONNECTIONS or not parts.netloc or parts.username or parts.query:
            raise ConnectError(
                "The assistant's URL must look like http://127.0.0.1:8888/llama-assist/, without user name or token."
            )
        if not (token.isascii() and token.isprintable()) or " " in token:
            raise ConnectError("The assistant's token must be plain ASCII without spaces; check how it was copied.")
        self.url = url if url.endswith("/") else f"{url}/"
        self.timeout = timeout
        self._token = token
        self._is_ended = False
        self._sockets: WeakSet[socket.socket] = WeakSet()

    def __repr__(self) -> str:
        return f"Client({self.url!r}, token=<hidden>)"

    def end(self) -> None:
        """End all exchanges, present and future, from any thread: whoever waits for one gets a `ConnectError`."""
        self._is_ended = True
        for used in list(self._sockets):
            with suppress(OSError):  # it is closed already
                socket.socket.shutdown(used, socket.SHUT_RDWR)

    def complete(self, body: Mapping[str, object]) -> Generator[dict[str, Any], None, None]:
        """Stream the chunks of `POST v1/completions`. Closing the generator frees the engine.

        Raises the error that the server names, also in the middle of the stream, and `ConnectError`.
        """
        return self._stream("v1/completions", body)

    def chat(self, body: Mapping[str, object]) -> Generator[dict[str, Any], None, None]:
        """Stream the chunks of `POST v1/chat/completions`; closing and errors as in `complete`."""
        return self._stream("v1/chat/completions", body)

    def task(self, body: Mapping[str, object]) -> Generator[dict[str, Any], None, None]:
        """Stream the chunks of `POST v1/tasks`; closing and errors as in `complete`."""
        return self._stream("v1/tasks", body)

    def preview(self, body: Mapping[str, object]) -> dict[str, Any]:
        """Return what a task would send: `messages`, `tokens`, `sent`; nothing is generated."""
        return self._call("v1/tasks", {**body, "preview": True})

    def download(self, model: str) -> Generator[dict[str, Any], None, None]:
        """Stream the progress of a model's download; closing the generator stops it, and it can be resumed."""
        return self._stream("model", {"action": "download", "id": model})

    def load(self, model: str = "") -> dict[str, Any]:
        """Load the model, another one than before where it is named; return the status when it is ready."""
        return self._call("model", {"action": "load", "id": model})

    def unload(self) -> dict[str, Any]:
        """Give the memory of the engine back; return the status."""
        return self._call("model", {"action": "unload"})

    def catalogue(self) -> dict[str, Any]:
        """Return `models`, those of the machine and those that can be downloaded, and the id of the `current` one."""
        return self._call("model")

    def prompt(self) -> dict[str, Any]:
        """Return the last prompt that was sent to the model, with `text` None where there was none."""
        return self._call("prompt")

    def document(self, path: str) -> dict[str, Any]:
        """Return the `notebook` at this path with its unsaved edits, None where the server does not share it."""
        return self._call(f"document?path={quote(path)}")

    def status(self) -> dict[str, Any]:
        """Return the state of the engine; starts nothing."""
        return self._call("status")

    def report(self, events: Sequence[Mapping[str, object]]) -> None:
        """Count what became of suggestions: `kind` and `characters` of each."""
        self._call("v1/events", {"events": events})

    def another(self) -> Client:
        """Return a client of the same server whose exchanges are ended apart from those of this one."""
        return Client(self.url, self._token, self.timeout)

    def _call(self, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        with self._exchange(path, body) as response:
            return {} if response.status == http.client.NO_CONTENT else _parse(response.read())

    def _stream(self, path: str, body: Mapping[str, object]) -> Generator[dict[str, Any], None, None]:
        body = {"stream_options": {"include_usage": True}, **body, "stream": True}
        with self._exchange(path, body) as response:
            yield from _chunks(response)

    @contextmanager
    def _exchange(self, path: str, body: Mapping[str, object] | None) -> Iterator[http.client.HTTPResponse]:
        """Yield the response to one request; leaving, in whatever way, closes the socket at once."""
        parts = urlsplit(self.url)
        connection = _CONNECTIONS[parts.scheme](parts.netloc, timeout=self.timeout)
        try:
            connection.connect()
            self._sockets.add(connection.sock)
            if self._is_ended:
                raise ConnectionAbortedError("ended here")
            connection.sock.settimeout(self.timeout if body is None else None)
            method, data = ("GET", None) if body is None else ("POST", _encoded(body))
            connection.request(method, f"{parts.path}{path}", data, self._headers())
            with connection.getresponse() as response:
                if response.status not in (http.client.OK, http.client.NO_CONTENT):
                    raise _refusal(response)
                yield response
        except ssl.SSLCertVerificationError as error:
            raise ConnectError(
                f"The certificate of {self.url} is not trusted ({error.verify_message}). "
                "Set SSL_CERT_FILE to the server's certificate."
            ) from error
        except http.client.IncompleteRead as error:
            raise ConnectError(_CUT) from error
        except (OSError, http.client.HTTPException) as error:
            raise ConnectError(
                f"The assistant at {self.url} cannot be reached ({error}). Is its server running?"
            ) from error
        finally:
            connection.close()

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "text/event-stream, application/json", "Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return headers


def _encoded(body: Mapping[str, object]) -> bytes:
    """Return JSON as the server reads it: it counts bytes, and takes surrogates as Python's own decoder does."""
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket; `netloc` is the percent-encoded path of the socket."""

    def __init__(self, netloc: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = unquote(netloc)

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


_CONNECTIONS: Mapping[str, Callable[..., http.client.HTTPConnection]] = {
    "http": http.client.HTTPConnection,
    "https": http.client.HTTPSConnection,
    "http+unix": UnixConnection,
}


class EventParser:
    """Bytes of a `text/event-stream` in, the data of whole events out, however the bytes were cut.

    Follows WHATWG HTML, "9.2.6 Interpreting an event stream": LF, CR and CRLF end a line, lines
    beginning with a colon are comments, data lines are joined by LF, an unfinished event is dropped.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._line = ""
        self._after_cr = False
        self._data: list[str] = []

    def feed(self, block: bytes) -> list[str]:
        """Return the data of each event that `block` completes."""
        events = []
        for line in self._lines(self._decoder.decode(block)):
            if not line and self._data:
                events.append("\n".join(self._data))
                self._data = []
            field, _, value = line.partition(":")
            if field == "data":
                self._data.append(value.removeprefix(" "))
        return events

    def _lines(self, text: str) -> list[str]:
        if not text:
            return []
        fresh = text.removeprefix("\n") if self._after_cr else text
        self._after_cr = text.endswith("\r")
        *whole, self._line = (self._line + fresh).replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return whole


def _chunks(response: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    if response.headers.get_content_type() != "text/event-stream":
        raise ConnectError("What answered is not the assistant: it does not stream. Check LLAMA_ASSIST_URL.")
    parser = EventParser()
    while block := response.read1(65536):
        for data in parser.feed(block):
            if data == "[DONE]":
                return
            chunk = _parse(data)
            if "error" in chunk:
                raise error_from(chunk["error"])
            yield chunk
    raise ConnectError(_CUT)


def _parse(data: bytes | str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ConnectError("What answered is not the assistant: it sent no JSON object. Check LLAMA_ASSIST_URL.")
    return value


def _refusal(response: http.client.HTTPResponse) -> AssistError:
    """Return the error that a status other than 200 stands for."""
    status = response.status
    if status in (http.client.UNAUTHORIZED, http.client.FORBIDDEN) or 300 <= status < 400:
        return ConnectError(
            "The Jupyter server refused the token. If the server was restarted, restart this kernel too; "
            "otherwise check LLAMA_ASSIST_KEY."
        )
    try:
        body = json.loads(response.read(65536))
    except (ValueError, http.client.HTTPException):
        body = None  # the status says enough
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        return error_from(error, status, response.headers.get("Retry-After", ""))
    if status == http.client.NOT_FOUND:
        return ConnectError(
            "The Jupyter server runs without llama_assist. Install llama-assist where the server is installed, "
            "check `jupyter server extension list`, and restart the server."
        )
    return error_from({"message": f"The server answered {status} {response.reason}."}, status)


def error_from(error: Mapping[str, Any], status: int = 500, retry_after: str = "") -> AssistError:
    """Return the typed error that an error object in OpenAI's shape stands for.

    Fields beside OpenAI's `message` and `code` are read where present: `num_tokens` and `limit`, `state`, `reason`.
    """
    message = str(error.get("message") or "The assistant failed without saying why.")
    code = str(error.get("code") or _STATUS_CODES.get(status, ""))
    if code == ContextTooLongError.code and "num_tokens" in error and "limit" in error:
        return ContextTooLongError(int(error["num_tokens"]), int(error["limit"]))
    if code == BusyError.code:
        return BusyError(message, int(retry_after) if retry_after.isdecimal() else 1)
    if code == EngineUnavailableError.code:
        return EngineUnavailableError(message, str(error.get("state", "unknown")))
    if code == ModelError.code:
        return ModelError(message, str(error.get("reason", "unknown")))
    if code in _INVALID:
        return _INVALID[code](message, error.get("param"))
    return _PLAIN_ERRORS.get(code, AssistError)(message)


_INVALID: Mapping[str, type[InvalidRequestError]] = {
    ContextTooLongError.code: InvalidRequestError,
    **{error.code: error for error in (InvalidRequestError, ModelNotFoundError)},
}
_PLAIN_ERRORS = {error.code: error for error in (EngineCrashedError, SupersededError, ConnectError)}
_OF_STATUS = (InvalidRequestError, SupersededError, BusyError, EngineCrashedError, EngineUnavailableError)
_STATUS_CODES = {error.status: error.code for error in _OF_STATUS} | dict.fromkeys((404, 413), InvalidRequestError.code)
