"""Does the cell hold together with a completion in it? Asked of Python's own parser, else of tree-sitter."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from time import thread_time

from llama_assist.postprocess.columns import indentation
from llama_assist.postprocess.lexer import State, closing, is_multiline, scan, wanted
from llama_assist.postprocess.region import narrow
from llama_assist.postprocess.site import Site
from llama_assist.syntax import encode, error_nodes, parse
from llama_assist.syntax.ipython import neutralise

_MAX_COUNTS = 4
_SECONDS = 0.05  # of a thread that others may wait for
_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT  # a notebook's cells may await


@dataclass(frozen=True)
class Validity:
    """Judges completions at one site; what it needs to know of the cell without them is found out once, when needed."""

    site: Site

    @property
    def is_tired(self) -> bool:
        """Tell whether parsing has taken as much CPU time as it may: ordinary cells stay far below."""
        return thread_time() > self._deadline

    @cached_property
    def _deadline(self) -> float:
        return thread_time() + _SECONDS

    @cached_property
    def _near(self) -> Site:
        return narrow(self.site)

    def admits(self, text: str) -> bool:
        """Tell whether the cell with `text` parses; of a cell that is broken anyway, that it breaks no further."""
        site = self.site if _goes_on(self.site, text) else self._near
        if self.is_tired:
            return False
        source = site.prefix + text + site.suffix
        if _is_whole(source, site.language):
            return True
        end = _end_of_users(site, text)
        if end and _is_whole(site.prefix + text + end + site.suffix, site.language):
            return True
        return self._num_errors > 0 and _count_errors(source, site.language) <= self._num_errors

    @cached_property
    def _num_errors(self) -> int:
        """Return the errors of the cell with a neutral line in the place of the cursor's; 0 if one makes it whole."""
        sources = list(_with_neutral_lines(self._near))
        if any(_is_whole(source, self.site.language) for source in self._in_time(sources)):
            return 0
        counts = [_count_errors(source, self.site.language) for source in self._in_time(sources[:_MAX_COUNTS])]
        return max(1, min(counts)) if counts else 0

    def _in_time(self, sources: Iterable[str]) -> Iterator[str]:
        return takewhile(lambda _: not self.is_tired, sources)


def num_left_open(site: Site) -> int:
    """Return how much may be open after a completion: all but the innermost bracket, and what the suffix closes."""
    return max(len(site.wanted), len(site.state) - 1)


def _end_of_users(site: Site, text: str) -> str:
    """Return what closes the brackets that the user left open and a completion leaves open as it may."""
    state = site.read(text).state if len(site.state) > len(site.wanted) + 1 else ()
    return closing(state[len(site.wanted) :]) if len(state) <= num_left_open(site) else ""


def _goes_on(site: Site, text: str) -> bool:
    """Tell whether the statement around the cursor goes on for longer with `text` than without it."""
    last_line = (site.typed + text).rpartition("\n")[2].strip()
    return is_multiline(site.read(text).state) or last_line.endswith("\\") or last_line.startswith("@")


def _count_errors(source: str, language: str) -> int:
    return len(error_nodes(parse(source, language)))


def _is_whole(source: str, language: str) -> bool:
    if language != "python":
        return not parse(source, language).has_error
    code = neutralise(encode(source), language).decode("utf-8", "replace")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(code, "<cell>", "exec", _FLAGS, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return False
    return True


def _with_neutral_lines(site: Site) -> Iterator[str]:
    """Yield the cell as it is, then with neutral text in the place of the cursor's line."""
    yield site.prefix + site.suffix
    above, below = site.prefix[: len(site.prefix) - len(site.typed)], site.suffix[len(site.rest) :]
    if site.language != "python":
        yield above + below
        return
    before = scan(above, site.language).state
    after = wanted(below, site.language)
    for blanks in _indentations(site):
        for line in _neutral_lines(before, after):
            yield above + blanks + line + below


def _indentations(site: Site) -> Iterable[str]:
    """Return the blanks with which a line at the cursor may begin, the likeliest first."""
    around = [*site.statements_above[-1:], *site.lines_below[:1]]
    found = [indentation(site.typed), *map(indentation, around)]
    if site.header is not None:
        found.append(" " * (site.header + 1))
    return dict.fromkeys(found) if site.is_line_start else found[:1]


def _neutral_lines(before: State, after: State) -> list[str]:
    """Return lines that say nothing, for what is open before the line and what must be after it."""
    if len(after) > len(before):
        return ["x" + "".join(after[len(before) :])]
    if len(after) < len(before):
        end = closing(before[len(after) :])
        return ["0" + end, end, "0" + end + ":"]
    return ["0", "0,", "if 0:", "else:", "except:"]
