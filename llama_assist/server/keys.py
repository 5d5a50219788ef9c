"""Keys of several people for one engine: who sends one of them may ask the model, and nothing else of this server.

`c.ServerApp.identity_provider_class` and `c.ServerApp.authorizer_class` name the two classes; the server's own token
stays its owner's. `python -m llama_assist.server.keys FILE NAME` adds a key to the file and prints it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import sys
from collections.abc import Awaitable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_server.auth import Authorizer, IdentityProvider, User
from tornado.web import RequestHandler
from traitlets import Unicode

OWNER = "owner"
_LINE = re.compile(r"(?P<name>[\w.@+-]{1,100})\s+(?P<digest>[0-9a-f]{64})")
_MAY_EXECUTE = frozenset(f"llama_assist:{name}" for name in ("completions", "chat", "tasks", "jobs", "render"))


class KeyFileIdentity(IdentityProvider):
    """Knows people by the keys in a file, which is read again when it changes."""

    keys_file = Unicode(
        help="A file with a line `NAME SHA256` for each key: the hexadecimal SHA-256 of the key. # begins a comment."
    ).tag(config=True)

    _names: Mapping[str, str] = {}
    _stamp: tuple[int, int] | None = None

    def get_user(self, handler: RequestHandler) -> User | Awaitable[User | None] | None:
        """Return whose key the Authorization header has; no cookie is set, so that a key that is taken away is gone."""
        match = self.auth_header_pat.match(handler.request.headers.get("Authorization", ""))
        name = self._read().get(digest(match[2])) if match else None
        if name is None:
            return super().get_user(handler)
        setattr(handler, "_token_authenticated", True)  # noqa: B010 - what the base class sets for a token
        return User(username=name, name=name, display_name=name)

    def generate_anonymous_user(self, handler: RequestHandler) -> User:
        """Return the one who has the server's own token."""
        return User(username=OWNER, name=OWNER, display_name=OWNER)

    def _read(self) -> Mapping[str, str]:
        path = Path(self.keys_file)
        try:
            status = path.stat()
            if (status.st_mtime_ns, status.st_size) != self._stamp:
                self._names = self._parse(path.read_text(encoding="utf-8").splitlines())
                self._stamp = (status.st_mtime_ns, status.st_size)
        except (OSError, ValueError) as error:
            self.log.error("The keys in %s cannot be read (%s); nobody gets in by key.", path, type(error).__name__)
            self._names, self._stamp = {}, None
        return self._names

    def _parse(self, lines: Sequence[str]) -> dict[str, str]:
        names = {}
        for number, line in enumerate(lines, 1):
            text = line.partition("#")[0].strip()
            match = _LINE.fullmatch(text)
            if match and match["name"] != OWNER:
                names[match["digest"]] = match["name"]
            elif text:
                self.log.error("Line %d of %s is no `NAME SHA256`; it lets nobody in.", number, self.keys_file)
        return names


class KeyFileAuthorizer(Authorizer):
    """Lets the owner do all, and people with keys read and ask the model, but not change it."""

    def is_authorized(self, handler: Any, user: User, action: str, resource: str) -> bool:
        """Tell whether a user may do this: kernels, files and settings are the owner's alone."""
        if user.username == OWNER or not isinstance(self.identity_provider, KeyFileIdentity):
            return True
        if action == "execute":
            return resource in _MAY_EXECUTE
        return resource.startswith("llama_assist:")


def digest(key: str) -> str:
    """Return what stands in the file for a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def add_key(path: Path, name: str, key: str | None = None) -> str:
    """Put a key into the file in the place of the person's earlier ones, a new one where none is given; return it."""
    if not re.fullmatch(r"[\w.@+-]{1,100}", name) or name == OWNER:
        raise ValueError(f"{name!r} is no name: letters, digits and . _ @ + - only, and not {OWNER}.")
    made = secrets.token_urlsafe(32) if key is None else key
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = [line for line in lines if line.split()[:1] != [name]]
    path.touch(mode=0o600)
    path.write_text("".join(f"{line}\n" for line in [*kept, f"{name} {digest(made)}"]), encoding="utf-8")
    return made


if __name__ == "__main__":
    print(add_key(Path(sys.argv[1]), sys.argv[2]))
