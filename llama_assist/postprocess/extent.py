"""How far a completion goes: one statement, a body down to its dedent, or a paragraph of statements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from llama_assist.postprocess.duplicates import num_above
from llama_assist.postprocess.plan import Plan
from llama_assist.postprocess.site import Site, is_clause, is_closing_line, is_header
from llama_assist.postprocess.statements import Statement

_MAX_BLANK_LINES = 2
_MAX_PREAMBLE = 4


@dataclass(frozen=True, slots=True)
class Cut:
    """Keep `length` code points of the completion; `reason` says in a few words why."""

    length: int
    reason: str


def find_end(site: Site, plan: Plan, lines: Iterable[Statement]) -> Cut | None:
    """Return the first cut that the statements of a completion call for, or None while all of it is wanted."""
    extent = _Extent(site, plan)
    for line in lines:
        cut = extent.see(line)
        if cut is not None:
            return cut
    return None


class _Extent:
    """Goes through the statements of one completion, one after another.

    `header` is the column of the header whose body is being written, None in a paragraph; `column` is that of the
    lines of the body or paragraph, known from the first of them on; `length` is what was accepted so far.
    """

    def __init__(self, site: Site, plan: Plan) -> None:
        self.site = site
        self.is_block = plan.shape == "block"
        self.header = site.header if self.is_block else None
        self.has_own_header = False
        self.column: int | None = None
        self.last_column = 0
        self.length = 0
        self.num_blank = 0
        self.num_preamble = 0
        self.is_copying = site.is_line_start
        self.copied: list[Statement] = []  # what may turn out to be a copy of the last lines above

    def see(self, line: Statement) -> Cut | None:
        """Look at the next statement, finished or not, and return the cut that it calls for."""
        if line.is_blank:
            return self._blank(line) if line.is_finished else None
        if not self.is_block or (line.start == 0 and not self.site.is_line_start):
            return self._single(line)
        return self._in_block(line)

    def _blank(self, line: Statement) -> Cut | None:
        if line.start == 0 and not self.site.is_line_start:
            return None if self.header is not None else Cut(0, "end of statement")
        self.num_blank += 1
        if self.is_block and self.header is None and self.column is not None and self.last_column == self.column:
            return Cut(self.length, "blank line")
        return Cut(self.length, "blank lines") if self.num_blank > _MAX_BLANK_LINES else None

    def _single(self, line: Statement) -> Cut | None:
        """Stop after one statement: with its body, if it is a header that has none."""
        if not line.is_finished:
            return None
        if self.is_copying:
            return self._copied(line)
        self.length, self.num_blank = line.end, 0
        if self._is_preamble(line):
            self.num_preamble += 1
            return Cut(line.end, "comments only") if self.num_preamble > _MAX_PREAMBLE else None
        if not is_header(line.text, self.site.language) or self.site.is_body_below(line.column):
            return Cut(line.end, "end of statement")
        self.is_block, self.has_own_header, self.header = True, True, line.column
        return None

    def _is_preamble(self, line: Statement) -> bool:
        """Tell whether a line only leads to the statement that is wanted."""
        if not self.site.is_line_start:
            return False
        is_decorator = self.site.language == "python" and line.text.lstrip().startswith("@")
        return is_decorator or self.site.is_comment(line.text)

    def _copied(self, line: Statement) -> Cut | None:
        """Pass over statements that go on as the last lines above the cursor do; what is no copy counts."""
        lines = _lines([*self.copied, line])
        if num_above(self.site, lines, is_whole=False):
            self.copied.append(line)
            return None
        self.is_copying = False
        is_copy = num_above(self.site, _lines(self.copied)) > 0
        return next(filter(None, map(self.see, [*([] if is_copy else self.copied), line])), None)

    def _in_block(self, line: Statement) -> Cut | None:
        if self.column is not None and line.column < self.column and is_closing_line(line.text, self.site.language):
            return Cut(line.end, "end of the block") if line.is_finished else None
        is_clause_of_own = self.has_own_header and line.column == self.header and is_clause(line.text)
        if not is_clause_of_own and (reason := self._surplus(line)):
            return Cut(self.length, reason)
        if not line.is_finished:
            return None
        self.length, self.num_blank, self.last_column = line.end, 0, line.column
        if is_clause_of_own:
            self.column = None
        elif self.column is None:
            self.column = line.column
        is_misplaced = self.header is not None and line.column < self.header
        return Cut(line.end, "end of statement") if is_misplaced else None

    def _surplus(self, line: Statement) -> str:
        """Return why a statement does not belong to the block; empty if it does."""
        if self.column is None:
            return "dedent" if self.has_own_header and self.header is not None and line.column <= self.header else ""
        if line.column < self.column:
            return "dedent"
        if self.header is not None or line.column > self.column:
            return ""
        return "end of the block" if self.last_column > self.column and not is_clause(line.text) else ""


def _lines(found: Iterable[Statement]) -> list[str]:
    return [line for each in found for line in each.text.split("\n") if line.strip()]
