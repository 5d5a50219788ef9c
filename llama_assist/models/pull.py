"""Fetch one model in a process of its own: JSON lines about the progress go out, a closed stdin ends it."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence

from llama_assist.errors import ModelError
from llama_assist.models.store import Store

MIN_INTERVAL = 0.2  # seconds between two reports of one stage


class Reports:
    """Writes how far a fetch has come, the first and the last of a stage and some between."""

    def __init__(self) -> None:
        self._stage = ""
        self._last = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Write one line, unless the last one is recent."""
        now = time.monotonic()
        if stage == self._stage and done < total and now - self._last < MIN_INTERVAL:
            return
        self._stage, self._last = stage, now
        say({"progress": {"file": stage, "done": done, "total": total if stage != "wait" else None}})


def say(line: dict[str, object]) -> None:
    """Write one object as a line of its own."""
    print(json.dumps(line), flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Fetch the model named by the one argument; errors are a last line `{"error": {message, reason}}`."""
    (model,) = sys.argv[1:] if argv is None else argv
    try:
        Store().fetch(model, Reports())
    except ModelError as error:
        say({"error": {"message": str(error), "reason": error.reason}})
        return 1
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        reason = error.strerror if error.strerror else type(error).__name__
        say({"error": {"message": f"The model cannot be stored: {reason}{place}.", "reason": "cannot-write"}})
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _end_with_stdin() -> None:
    """Interrupt the fetch, so that it tidies up, once nobody holds the other end of stdin."""
    sys.stdin.read()
    signal.raise_signal(signal.SIGINT)
    time.sleep(2.0)
    os._exit(130)


if __name__ == "__main__":
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    sys.exit(main())
