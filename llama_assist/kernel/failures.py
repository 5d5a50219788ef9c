"""The errors of cells, kept as they happen: which cell failed, where in the user's own code, and with what words."""

from __future__ import annotations

import linecache
import sys
import sysconfig
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from llama_assist.kernel.history import is_ours

MAX_KEPT = 50
MAX_TRACEBACK = 8_000  # characters; a prompt shows far fewer
_FOREIGN = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


@dataclass(frozen=True, slots=True)
class Failed:
    """The error of one cell; `traceback` has the frames of the user's own code only, `line` is the last of them."""

    number: int
    source: str
    name: str
    value: str
    traceback: str
    line: str = ""

    @property
    def last_line(self) -> str:
        """What stands at the end of the traceback, without what follows its first line."""
        first = self.value.strip().partition("\n")[0]
        return f"{self.name}: {first}" if first else self.name

    def on_wire(self) -> dict[str, object]:
        """Return it as the `error` of a request."""
        return {"name": self.name, "value": self.value, "traceback": self.traceback}


class Failures:
    """The errors of the latest cells by number. A cell that runs again, and succeeds, has none any more."""

    def __init__(self) -> None:
        self._kept: dict[int, Failed] = {}

    @property
    def last(self) -> Failed | None:
        """The newest error."""
        return self._kept[max(self._kept)] if self._kept else None

    def of(self, number: int) -> Failed | None:
        """Return the error of a cell."""
        return self._kept.get(number)

    def forget(self, number: int) -> None:
        """Drop the error of a cell that is not there any more."""
        self._kept.pop(number, None)

    def words(self) -> dict[int, str]:
        """Return the last line of each error by the number of its cell."""
        return {number: failed.last_line for number, failed in self._kept.items()}

    def note(self, number: int, source: str, error: BaseException | None) -> None:
        """Take in the end of a cell."""
        if is_ours(source):
            return
        for old in [each.number for each in self._kept.values() if each.source.strip() == source.strip()]:
            del self._kept[old]
        if error is not None and not isinstance(error, KeyboardInterrupt | SystemExit):
            name, words = type(error).__name__, _words(error)
            self._kept[number] = Failed(number, source, name, words, own_traceback(error), _failing_line(error))
        while len(self._kept) > MAX_KEPT:
            del self._kept[min(self._kept)]

    def note_result(self, result: Any) -> None:
        """Take in what IPython says at the end of a cell (its event `post_run_cell`)."""
        if result.execution_count is not None and result.info is not None and isinstance(result.info.raw_cell, str):
            error = result.error_before_exec if result.error_before_exec is not None else result.error_in_exec
            self.note(result.execution_count, result.info.raw_cell, error)

    def note_earlier(self, inputs: Sequence[str], transform: Callable[[str], str]) -> None:
        """Take in the last error from before we listened, if its cell is still known."""
        error = getattr(sys, "last_value", None)
        if not isinstance(error, BaseException):
            return
        ran = {_text_of(name) for name in _file_names(error)} - {""}
        for number in range(len(inputs) - 1, 0, -1):
            if inputs[number].strip() and transform(inputs[number]).strip() in ran:
                self.note(number, inputs[number], error)
                return


def own_traceback(error: BaseException) -> str:
    """Return the traceback as Python prints it, but for the frames of libraries and of IPython."""
    frames = _own_frames(error)
    lines = ["Traceback (most recent call last):\n"] if frames else []
    lines += traceback.format_list(frames)
    lines += traceback.format_exception_only(type(error), error)
    return "".join(lines)[-MAX_TRACEBACK:]


def _own_frames(error: BaseException) -> list[traceback.FrameSummary]:
    return [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_foreign(frame.filename)]


def _failing_line(error: BaseException) -> str:
    """Return the user's line that failed, or that could not be read."""
    if isinstance(error, SyntaxError):
        return (error.text or "").strip()
    frames = _own_frames(error)
    return (frames[-1].line or "") if frames else ""


def _is_foreign(name: str) -> bool:
    return name.startswith(("<frozen ", *_FOREIGN))


def _words(error: BaseException) -> str:
    """Return what an error says; the `__str__` of a library may fail."""
    try:
        return str(error)
    except Exception:
        return ""


def _file_names(error: BaseException) -> list[str]:
    names = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    own = getattr(error, "filename", None)
    return [*names, own] if isinstance(own, str) else names


def _text_of(name: str) -> str:
    return "".join(linecache.getlines(name)).strip()
