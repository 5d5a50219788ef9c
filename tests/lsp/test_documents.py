"""Texts and notebooks follow the editor's notifications."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from llama_assist.lsp.documents import Documents
from llama_assist.lsp.positions import Lines
from llama_assist.lsp.wire import MAX_SOURCES, short_path, wire_document

URI = "file:///home/ada/a.py"
BOOK = "file:///home/ada/book.ipynb"
CODE, PROSE = types.NotebookCellKind.Code, types.NotebookCellKind.Markup


def item(uri: str, text: str, language: str = "python") -> types.TextDocumentItem:
    return types.TextDocumentItem(uri, language, 1, text)


def opened(text: str, encoding: str = "utf-16") -> Documents:
    documents = Documents(encoding)
    documents.did_open(types.DidOpenTextDocumentParams(item(URI, text)))
    return documents


def change(documents: Documents, *changes: types.TextDocumentContentChangeEvent) -> str:
    identifier = types.VersionedTextDocumentIdentifier(2, URI)
    documents.did_change(types.DidChangeTextDocumentParams(identifier, list(changes)))
    text = documents.text(URI)
    assert text is not None
    assert text.version == 2
    return text.text


@given(
    text=st.text(st.sampled_from("aé🙂\n\r\x0c"), max_size=20),
    ends=st.tuples(st.integers(0, 20), st.integers(0, 20)),
    new=st.text(st.sampled_from("b你\n"), max_size=5),
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-32"]),
)
def test_a_change_of_a_range_is_a_splice(text: str, ends: tuple[int, int], new: str, encoding: str) -> None:
    start, end = sorted(min(each, len(text)) for each in ends)
    where = Lines(text, encoding).range(start, end)
    lines = Lines(text, encoding)
    start, end = lines.span(where)  # between \r and \n is no position
    changed = change(opened(text, encoding), types.TextDocumentContentChangePartial(where, new))
    assert changed == text[:start] + new + text[end:]


def test_several_changes_apply_one_after_the_other() -> None:
    at = types.Position(0, 0)
    first = types.TextDocumentContentChangePartial(types.Range(at, at), "b")
    second = types.TextDocumentContentChangePartial(types.Range(at, at), "a")
    assert change(opened("c"), first, second) == "abc"


def test_a_change_of_the_whole_replaces_it() -> None:
    assert change(opened("old"), types.TextDocumentContentChangeWholeDocument("new")) == "new"


def test_a_change_of_what_is_not_open_changes_nothing() -> None:
    documents = Documents()
    identifier = types.VersionedTextDocumentIdentifier(2, URI)
    documents.did_change(
        types.DidChangeTextDocumentParams(identifier, [types.TextDocumentContentChangeWholeDocument("x")])
    )
    assert documents.text(URI) is None


def test_a_closed_text_is_forgotten() -> None:
    documents = opened("x")
    documents.did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(URI)))
    assert documents.text(URI) is None


def book(*cells: tuple[str, types.NotebookCellKind, str]) -> Documents:
    """Return documents with a notebook; a cell is its name, its kind and its text."""
    documents = Documents()
    notebook = types.NotebookDocument(
        BOOK, "jupyter-notebook", 1, [types.NotebookCell(kind, name) for name, kind, _ in cells]
    )
    items = [item(name, text, "markdown" if kind == PROSE else "python") for name, kind, text in cells]
    documents.did_open_notebook(types.DidOpenNotebookDocumentParams(notebook, items))
    return documents


def reshape(documents: Documents, **change: object) -> None:
    cells = types.NotebookDocumentCellChanges(**change)  # type: ignore[arg-type]
    params = types.DidChangeNotebookDocumentParams(
        types.VersionedNotebookDocumentIdentifier(2, BOOK), types.NotebookDocumentChangeEvent(cells=cells)
    )
    documents.did_change_notebook(params)


def sources(documents: Documents, name: str) -> list[str]:
    text = documents.text(name)
    assert text is not None
    return [cell["source"] for cell in wire_document(documents, text, [text.text])["cells"]]


def test_a_notebook_is_one_document_with_the_cells_before_and_after() -> None:
    documents = book(("c1", PROSE, "# Title"), ("c2", CODE, "x = 1"), ("c3", CODE, "print(x)"))
    text = documents.text("c2")
    assert text is not None
    wire = wire_document(documents, text, [""], 0, ["file:///home/ada"])
    assert wire["path"] == "book.ipynb"
    assert wire["cell"] == 1
    assert wire["cells"] == [
        {"type": "markdown", "source": "# Title"},
        {"type": "code", "source": ""},
        {"type": "code", "source": "print(x)"},
    ]


def test_the_last_cell_has_the_others_as_context() -> None:
    documents = book(("c1", CODE, "x = 1"), ("c2", CODE, "y = 2"), ("c3", CODE, ""))
    assert sources(documents, "c3") == ["x = 1", "y = 2", ""]


def test_cells_come_move_and_go() -> None:
    documents = book(("c1", CODE, "a"), ("c2", CODE, "b"))
    array = types.NotebookCellArrayChange(1, 0, [types.NotebookCell(CODE, "c3")])
    reshape(
        documents,
        structure=types.NotebookDocumentCellChangeStructure(array, did_open=[item("c3", "new")]),
        data=[types.NotebookCell(CODE, "c3", execution_summary=types.ExecutionSummary(execution_order=7))],
        text_content=[
            types.NotebookDocumentCellContentChanges(
                types.VersionedTextDocumentIdentifier(2, "c3"), [types.TextDocumentContentChangeWholeDocument("newer")]
            )
        ],
    )
    assert sources(documents, "c1") == ["a", "newer", "b"]
    text = documents.text("c3")
    assert text is not None
    assert wire_document(documents, text, [text.text])["cells"][1]["execution_count"] == 7
    array = types.NotebookCellArrayChange(0, 3, [types.NotebookCell(CODE, "c2"), types.NotebookCell(CODE, "c1")])
    gone = [types.TextDocumentIdentifier("c3")]
    reshape(documents, structure=types.NotebookDocumentCellChangeStructure(array, did_close=gone))
    assert sources(documents, "c1") == ["b", "a"]
    assert documents.text("c3") is None


def test_a_closed_notebook_takes_its_cells_with_it() -> None:
    documents = book(("c1", CODE, "a"))
    documents.did_close_notebook(types.DidCloseNotebookDocumentParams(types.NotebookDocumentIdentifier(BOOK), []))
    assert documents.text("c1") is None
    assert documents.notebook_of("c1") is None


def test_code_in_another_language_is_no_code_of_the_notebook() -> None:
    documents = book(("c1", CODE, "x = 1"))
    array = types.NotebookCellArrayChange(1, 0, [types.NotebookCell(CODE, "sql")])
    opened_cell = [item("sql", "select 1", "sql")]
    reshape(documents, structure=types.NotebookDocumentCellChangeStructure(array, did_open=opened_cell))
    text = documents.text("c1")
    assert text is not None
    assert [cell["type"] for cell in wire_document(documents, text, ["x"])["cells"]] == ["code", "raw"]


def test_in_prose_the_language_is_that_of_the_code() -> None:
    documents = book(("c1", PROSE, "Text"), ("c2", CODE, "x = 1"))
    text = documents.text("c1")
    assert text is not None
    assert wire_document(documents, text, ["Text"])["language"] == "python"


def test_cells_far_away_lose_their_text_where_all_is_too_long() -> None:
    documents = book(("c1", CODE, "a" * MAX_SOURCES), ("c2", CODE, "b"), ("c3", CODE, "c"))
    assert sources(documents, "c3") == ["", "b", "c"]


def test_line_breaks_are_sent_as_the_model_knows_them() -> None:
    documents = opened("a\r\nb\rc")
    assert sources(documents, URI) == ["a\nb\nc"]


def test_a_path_tells_nothing_of_the_folders_above() -> None:
    assert short_path("file:///home/ann/work/src/a.py", ["file:///home/ann/work"]) == "src/a.py"
    assert short_path("file:///etc/secret/a%20b.py", ["file:///home/ann/work"]) == "a b.py"
    assert short_path("untitled:Untitled-1", [""]) == "Untitled-1"
