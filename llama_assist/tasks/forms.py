"""The form of each task's answer: what of it is certain stands there already, the model fills the rest."""

from __future__ import annotations

import re

from llama_assist.context.failure import failing_lines, known_cause
from llama_assist.context.focus import defining_cells, find_focus
from llama_assist.context.numbered import fence_language
from llama_assist.context.outline import outline
from llama_assist.prompt.tasks import Recipe, fill, find_recipe, follow
from llama_assist.syntax import canonical, comment_prefix, parse, sound
from llama_assist.tasks.places import missing_words, present_words
from llama_assist.tasks.steps import Place, Step, code_block, filled_in, free
from llama_assist.types import Cell, Document, TaskRequest, cell_number

MAX_PARTS = 10  # lines of a summary
MAX_TESTED = 4  # functions
TESTS = 4  # assertions
MAX_NAMES = 2  # in the label of a cell
CAUSE_TOKENS = 90
NAME_TOKENS = 12
LINE_STOP = ("\n", "```")
_UNSURE = ("SyntaxError", "IndentationError", "TabError")  # these are raised far from where the fault is


def make_form(request: TaskRequest, recipe: Recipe, language: str, tokens: int) -> tuple[Step, ...]:
    """Return the steps of the first answer; each hole has at most `tokens`."""
    source = sound(request.document.cells[request.document.cell].source).strip("\n")
    match request.task:
        case "explain":
            return free(tokens, _uses(request, recipe))
        case "fix":
            return (_cause(request), *_corrected(request, source, language, tokens))
        case "document":
            return _in_place(source, language, missing_words(source, language), tokens, recipe)
        case "translate":
            return _translated(request, source, language, tokens, recipe)
        case "test":
            return _tests(source, language, tokens, recipe)
        case "next":
            return code_block(tokens, language, _comment(recipe.lead, language))
        case "refactor":
            return code_block(tokens, language)
        case "summarize":
            return _summary(request, recipe, tokens)
    return free(tokens)


def _uses(request: TaskRequest, recipe: Recipe) -> str:
    """Return the sentence that names the defining cells: they are known, and the model need not guess."""
    found = defining_cells(find_focus(request.document))
    if not found or follow(request.question):
        return ""
    uses = " and ".join(f"{_listed(names)} from cell {cell_number(index)}" for index, names in found.items())
    return fill(recipe.lead, {"number": str(cell_number(request.document.cell)), "uses": uses}) + "\n\n"


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def again_text(request: TaskRequest, source: str, language: str) -> str:
    """Return how the code of a second answer begins: a comment on the change makes the model change something."""
    lead = find_recipe(request.task).again_lead
    if request.task != "fix":
        return _comment(lead, language)
    failure = request.failure
    if failure is not None and failure.name == "KeyError" and known_cause(failure, request.document):
        lead = f"Not {failure.value.strip()}, but {failure.value.strip()[0]}"
    return _kept(request, sound(source).strip("\n")) + _comment(lead, language)


def _comment(words: str, language: str) -> str:
    mark = comment_prefix(language)
    return f"{mark} {words}" if mark and words else ""


def _cause(request: TaskRequest) -> Step:
    """Return the line that says why the cell fails: ours, where the notebook itself tells, else the model's."""
    known = known_cause(request.failure, request.document) if request.failure and not follow(request.question) else ""
    if known:
        return Step(f"{known}\n\n")
    return Step("", CAUSE_TOKENS, LINE_STOP, line=True, after="\n\n")


def _corrected(request: TaskRequest, source: str, language: str, tokens: int) -> tuple[Step, ...]:
    """Return the corrected cell: where a column's name is wrong, all of it stands there but for that name."""
    failure = request.failure
    lines = failing_lines(failure, source) if failure is not None and failure.name == "KeyError" else []
    if failure is None or not lines or not known_cause(failure, request.document):
        return code_block(tokens, language, _kept(request, source))
    start = sum(len(line) for line in source.splitlines(keepends=True)[: max(lines)])
    name = failure.value.strip().strip("'\"")
    found = re.compile(rf"([\"']){re.escape(name)}\1").search(source, start)
    if found is None:
        return code_block(tokens, language, _kept(request, source))
    word = Place(found.start() + 1, found.end() - 1, "", "", "\\" + found[1], name)
    return filled_in(source, language, [word], NAME_TOKENS, stop=(found[1],))


def _kept(request: TaskRequest, source: str) -> str:
    """Return the lines above the one that fails: they have run, and a fix that repeats them exactly is shorter."""
    failure = request.failure
    if failure is None or failure.name in _UNSURE:
        return ""
    lines = failing_lines(failure, source)
    return "".join(source.splitlines(keepends=True)[: min(lines)]) if lines else ""


def lines_that_fail(request: TaskRequest, source: str, language: str) -> str:
    """Return the cell up to the end of the last statement that the error came through: unchanged, it fails again."""
    failure = request.failure
    lines = failing_lines(failure, source) if failure is not None and failure.name not in _UNSURE else []
    if not lines:
        return source
    of = outline(parse(source, language))
    position = sum(len(line) for line in source.splitlines(keepends=True)[: max(lines)])
    byte = of.parsed.byte_of(position)
    end = next((each.end for each in of.statements if each.end > byte), len(of.parsed.raw))
    return source[: of.parsed.offset_of(end)]


def _in_place(source: str, language: str, places: list[Place], tokens: int, recipe: Recipe) -> tuple[Step, ...]:
    if parse(source, language).tree is None:
        return code_block(tokens + len(source), language)
    return filled_in(source, language, places, tokens) if places else (Step(recipe.nothing),)


def _translated(request: TaskRequest, source: str, language: str, tokens: int, recipe: Recipe) -> tuple[Step, ...]:
    if request.document.cells[request.document.cell].type != "code":
        return code_block(tokens + len(source), "markdown", fence="````")
    return _in_place(source, language, present_words(source, language), tokens, recipe)


def _tests(source: str, language: str, tokens: int, recipe: Recipe) -> tuple[Step, ...]:
    """Return a few assertions that call the functions of the cell; the model chooses arguments and results."""
    signatures = outline(parse(source, language)).signatures if canonical(language) == "python" else ()
    functions = [each.name for each in signatures if each.header.startswith("def ")][:MAX_TESTED]
    note = _comment(recipe.lead, language)
    lead = f"{note}\n" if note else ""
    if not functions:
        return code_block(TESTS * tokens, language, lead)
    names = [name for name in functions for _ in range(TESTS // len(functions))]
    lines = [
        Step("", tokens, ("\n",), line=True, before=f"assert {name}(", after="\n", language=language) for name in names
    ]
    return (Step(f"```{language}\n{lead}"), *lines, Step("```"))


def _summary(request: TaskRequest, recipe: Recipe, tokens: int) -> tuple[Step, ...]:
    """Return one line for the purpose, then one for each part of the notebook, with the numbers of its cells."""
    if not any(cell.source.strip() for cell in request.document.cells):
        return (Step(recipe.nothing),)
    steps = [Step(recipe.lead, 2 * tokens, LINE_STOP, line=True, after="\n\n")]
    for first, last in _parts(request.document):
        label = _label(request.document, first, last)
        steps.append(Step(f"- {label}: ", tokens, LINE_STOP, line=True, after="\n", instead="-"))
    return tuple(steps)


def _parts(document: Document) -> list[tuple[int, int]]:
    """Return the cells with code in at most ten ranges: by headings where there are some, else evenly."""
    code = [index for index, cell in enumerate(document.cells) if cell.type == "code" and cell.source.strip()]
    if len(code) <= MAX_PARTS:
        return [(index, index) for index in code]
    starts = [index for index in code if index == code[0] or _is_heading(document.cells[index - 1])]
    if not 2 <= len(starts) <= MAX_PARTS:
        starts = [code[number * len(code) // MAX_PARTS] for number in range(MAX_PARTS)]
    ends = [*starts[1:], len(document.cells)]
    return [(start, max(at for at in code if at < end)) for start, end in zip(starts, ends, strict=True)]


def _label(document: Document, first: int, last: int) -> str:
    """Return the numbers of cells with what the first one makes known: without a name the model loses its place."""
    number = cell_number(first)
    numbers = f"Cell {number}" if first == last else f"Cells {number}-{cell_number(last)}"
    cell = document.cells[first]
    of = outline(parse(cell.source, fence_language(cell, document.language)))
    names = [name for name, definition in of.definitions.items() if definition.kind != "import"][:MAX_NAMES]
    known = _listed(names) if names else "imports" if of.imports else ""
    return f"{numbers} ({known})" if known else numbers


def _is_heading(cell: Cell) -> bool:
    return cell.type == "markdown" and cell.source.lstrip().startswith("#")
