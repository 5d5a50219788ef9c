"""What is open in the editor: texts and notebooks, kept in step by the protocol's notifications."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from lsprotocol import types

from llama_assist.lsp.positions import Lines
from llama_assist.syntax import Parsed, canonical, parse

Change = types.TextDocumentContentChangeEvent


class Text:
    """One open text: a file, or a cell of a notebook. A new state is a new object."""

    def __init__(self, uri: str, language: str, version: int, text: str, encoding: str) -> None:
        self.uri = uri
        self.language = canonical(language)
        self.version = version
        self.text = text
        self.encoding = encoding

    @cached_property
    def lines(self) -> Lines:
        """Where its lines are."""
        return Lines(self.text, self.encoding)

    @cached_property
    def parsed(self) -> Parsed:
        """Its syntax tree, as far as there is one."""
        return parse(self.text, self.language)

    def changed(self, version: int, change: Change) -> Text:
        """Return the text after one change, of a range or of the whole."""
        text = change.text
        if isinstance(change, types.TextDocumentContentChangePartial):
            start, end = self.lines.span(change.range)
            text = self.text[:start] + text + self.text[end:]
        return Text(self.uri, self.language, version, text, self.encoding)


@dataclass
class Notebook:
    """A notebook: its cells in order; their texts are kept apart, under their own addresses."""

    uri: str
    version: int
    cells: list[types.NotebookCell] = field(default_factory=list)

    def index(self, cell_uri: str) -> int | None:
        """Return the place of a cell, None where it is no cell of this notebook."""
        return next((place for place, cell in enumerate(self.cells) if cell.document == cell_uri), None)


class Documents:
    """All that is open. Notifications that name something unknown change nothing."""

    def __init__(self, encoding: str = types.PositionEncodingKind.Utf16.value) -> None:
        self.encoding = encoding
        self._texts: dict[str, Text] = {}
        self._notebooks: dict[str, Notebook] = {}

    def text(self, uri: str) -> Text | None:
        """Return an open text."""
        return self._texts.get(uri)

    def notebook_of(self, cell_uri: str) -> Notebook | None:
        """Return the notebook that has a cell with this address."""
        found = (notebook for notebook in self._notebooks.values() if notebook.index(cell_uri) is not None)
        return next(found, None)

    def did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """Take in a text."""
        self._put(params.text_document)

    def did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """Change a text, one change after the other."""
        self._change(params.text_document.uri, params.text_document.version, params.content_changes)

    def did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """Forget a text."""
        self._texts.pop(params.text_document.uri, None)

    def did_open_notebook(self, params: types.DidOpenNotebookDocumentParams) -> None:
        """Take in a notebook with the texts of its cells."""
        given = params.notebook_document
        self._notebooks[given.uri] = Notebook(given.uri, given.version, list(given.cells))
        for item in params.cell_text_documents:
            self._put(item)

    def did_change_notebook(self, params: types.DidChangeNotebookDocumentParams) -> None:
        """Change a notebook: first which cells there are, then what is known of them, then their texts."""
        notebook = self._notebooks.get(params.notebook_document.uri)
        if notebook is None:
            return
        notebook.version = params.notebook_document.version
        change = params.change.cells
        if change is None:
            return
        if change.structure is not None:
            self._restructure(notebook, change.structure)
        known = {cell.document: cell for cell in change.data or ()}
        notebook.cells = [known.get(cell.document, cell) for cell in notebook.cells]
        for each in change.text_content or ():
            self._change(each.document.uri, each.document.version, each.changes)

    def did_close_notebook(self, params: types.DidCloseNotebookDocumentParams) -> None:
        """Forget a notebook and the texts of its cells."""
        notebook = self._notebooks.pop(params.notebook_document.uri, None)
        cells = [cell.document for cell in notebook.cells] if notebook is not None else []
        for uri in [*cells, *(item.uri for item in params.cell_text_documents)]:
            self._texts.pop(uri, None)

    def _restructure(self, notebook: Notebook, structure: types.NotebookDocumentCellChangeStructure) -> None:
        array = structure.array
        notebook.cells[array.start : array.start + array.delete_count] = array.cells or ()
        for closed in structure.did_close or ():
            self._texts.pop(closed.uri, None)
        for opened in structure.did_open or ():
            self._put(opened)

    def _put(self, item: types.TextDocumentItem) -> None:
        language = str(getattr(item.language_id, "value", item.language_id))
        self._texts[item.uri] = Text(item.uri, language, item.version, item.text, self.encoding)

    def _change(self, uri: str, version: int, changes: Iterable[Change]) -> None:
        text = self._texts.get(uri)
        if text is None:
            return
        for change in changes:
            text = text.changed(version, change)
        self._texts[uri] = text
