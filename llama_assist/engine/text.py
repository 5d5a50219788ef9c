"""Token bytes in, whole characters out: healing, stop strings and UTF-8 borders of one answer."""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class TextStream:
    """Turns the bytes of tokens into text that is safe to show.

    `forced` is what the answer must begin with because it already stands in the document: it is taken off.
    A character is held back until it is whole, and text that may be the beginning of a stop string until
    that is decided; the stop string itself is never shown. Of several, the one that is complete first counts,
    so that the answer does not depend on where its tokens are cut.
    """

    def __init__(self, forced: bytes = b"", stop: Sequence[str] = ()) -> None:
        self.forced = forced
        self.stopped = False
        self._stop = [text for text in stop if text]
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def push(self, data: bytes) -> str:
        """Add the bytes of one token; return the text that is now safe."""
        taken = min(len(self.forced), len(data))
        self.forced, data = self.forced[taken:], data[taken:]
        return self._release(self._decoder.decode(data))

    def flush(self) -> str:
        """Return what is still held when the answer ends without a stop string; half a character is dropped."""
        held, self._held = self._held, ""
        return "" if self.stopped else held

    def _release(self, text: str) -> str:
        if self.stopped:
            return ""
        text = self._held + text
        found = [(text.find(stop) + len(stop), text.find(stop)) for stop in self._stop if stop in text]
        if found:
            self.stopped, self._held = True, ""
            return text[: min(found)[1]]
        keep = max((_overlap(text, stop) for stop in self._stop), default=0)
        safe = len(text) - keep
        self._held = text[safe:]
        return text[:safe]


def _overlap(text: str, stop: str) -> int:
    """Return the length of the longest end of `text` that begins `stop`."""
    for length in range(min(len(stop) - 1, len(text)), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0
