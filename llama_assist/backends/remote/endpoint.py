"""Where a remote engine is, whether its text leaves this machine, and the key that only its origin gets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from llama_assist.errors import InvalidRequestError

KEY_VARIABLE = "LLAMA_ASSIST_BACKEND_KEY"
_PORTS: Mapping[str, int] = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The base URL of an OpenAI-compatible server, such as `https://gpu.example:8000/v1`.

    `path` begins with a slash and ends without one.
    """

    scheme: str
    host: str
    port: int
    path: str
    key: str = field(default="", repr=False)

    @property
    def origin(self) -> str:
        """Scheme, host and port; the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == _PORTS[self.scheme] else f":{self.port}")

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        return self.origin.partition("://")[2]

    @property
    def is_loopback(self) -> bool:
        """Tell whether the server is this machine; a name counts as another machine unless it is `localhost`."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host.partition("%")[0]).is_loopback
        except ValueError:
            return False

    @property
    def is_secret(self) -> bool:
        """Tell whether nobody on the way can read what is sent."""
        return self.scheme == "https" or self.is_loopback

    def target(self, path: str) -> str:
        """Return the target of a request: `path` below the base URL, or from the root where it begins with a slash."""
        if not path.startswith("/"):
            return f"{self.path}/{path}"
        return self.path.removesuffix("/v1") + path


def read_endpoint(
    url: str, keys: Mapping[str, str], own_key_url: str = "", environ: Mapping[str, str] = os.environ
) -> Endpoint:
    """Read a base URL; raise `InvalidRequestError` where it is none.

    The key is the one of `keys` under this origin, else the environment's, if this is the origin of `own_key_url`.
    """
    bare = _parse(url)
    named = {_parse(origin).origin: key for origin, key in keys.items()}
    key = named.get(bare.origin, "")
    if not key and own_key_url and _parse(own_key_url).origin == bare.origin:
        key = environ.get(KEY_VARIABLE, "").strip()
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise InvalidRequestError(f"The key for {bare.origin} must be plain ASCII without spaces.", "backend_keys")
    return Endpoint(bare.scheme, bare.host, bare.port, bare.path, key)


def _parse(url: str) -> Endpoint:
    parts = urlsplit(url.strip())
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    is_plain = not (parts.username or parts.password or parts.query or parts.fragment)
    safe = url.strip().isascii() and url.strip().isprintable() and " " not in url.strip() and "\\" not in url
    if parts.scheme not in _PORTS or not host or not is_plain or not safe:
        raise InvalidRequestError(
            "The URL of a remote engine must look like https://gpu.example:8000/v1, without user name, key or query.",
            "backend_url",
        )
    return Endpoint(parts.scheme, host, _PORTS[parts.scheme] if port is None else port, parts.path.rstrip("/"))
