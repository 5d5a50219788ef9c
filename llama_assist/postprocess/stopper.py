"""When to stop a completion while it is being written: the earliest offset after which nothing is wanted."""

from __future__ import annotations

from llama_assist.postprocess.brackets import overrun
from llama_assist.postprocess.duplicates import start_of_suffix
from llama_assist.postprocess.extent import Cut, find_end
from llama_assist.postprocess.lexer import Scan, is_multiline, is_prose
from llama_assist.postprocess.plan import Plan
from llama_assist.postprocess.prose import prose_end
from llama_assist.postprocess.repetition import repetition_start
from llama_assist.postprocess.site import Site
from llama_assist.postprocess.statements import statements


class Stopper:
    """Watches one completion grow."""

    def __init__(self, site: Site, plan: Plan) -> None:
        self.site = site.settled
        self.plan = plan

    def feed(self, text: str) -> Cut | None:
        """Take the whole completion so far and return where to cut it, or None to let the model go on."""
        if is_prose(self.site.language):
            end = prose_end(self.site, text)
            return None if end is None else Cut(*end)
        read = self.site.read(text)
        cuts = (
            _bracket(self.site, read),
            _string_line(self.site, text, read),
            find_end(self.site, self.plan, statements(self.site, text, read)),
            _suffix(self.site, text),
            _repeated(text),
            _stop_string(self.plan, text),
        )
        return min((cut for cut in cuts if cut is not None), key=lambda cut: cut.length, default=None)


def _bracket(site: Site, read: Scan) -> Cut | None:
    end = overrun(site, read, is_whole=False)
    return None if end is None else Cut(end, "closed by the suffix")


def _string_line(site: Site, text: str, read: Scan) -> Cut | None:
    """End the line of a string that may go on over lines, where the cursor is inside one."""
    if not is_multiline(site.state):
        return None
    inside = next((mark.start for mark in read.marks if mark.state != site.state), len(text))
    end = text.find("\n", len(text) - len(text.lstrip("\n")), inside)
    return None if end < 0 else Cut(end, "end of line")


def _suffix(site: Site, text: str) -> Cut | None:
    start = start_of_suffix(site, text)
    return None if start is None else Cut(max(0, start - 1), "reached the suffix")


def _stop_string(plan: Plan, text: str) -> Cut | None:
    """Do what the engine does with the plan's stop strings, for engines that do not."""
    found = [at for at in map(text.find, plan.stop) if at >= 0]
    return Cut(min(found), "stop string") if found else None


def _repeated(text: str) -> Cut | None:
    start = repetition_start(text)
    return None if start is None else Cut(start, "repetition")
