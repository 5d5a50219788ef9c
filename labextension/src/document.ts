/** What stands in an open document now, from its shared model, as the document of a request; never from disk. */

import type { ISharedCell, ISharedCodeCell } from '@jupyter/ydoc';
import type { CodeEditor } from '@jupyterlab/codeeditor';
import { ConsolePanel } from '@jupyterlab/console';
import { DocumentWidget } from '@jupyterlab/docregistry';
import { FileEditor } from '@jupyterlab/fileeditor';
import type { IOutput } from '@jupyterlab/nbformat';
import { NotebookPanel } from '@jupyterlab/notebook';
import type { Widget } from '@lumino/widgets';

import { languageOfMime } from './language';
import { outputTexts } from './outputText';
import type { IWireCell, IWireDocument } from './wire';
import { wellFormed } from './offsets';

export interface IDocumentOptions {
  /** The editor with the cursor; without it the active cell is meant. */
  editor?: CodeEditor.IEditor | null;
  /** Send the outputs of code cells, as plain text. */
  withOutputs?: boolean;
}

/** The most characters of all sources of one request; the server takes 2 MiB. */
export const MAX_SOURCES = 1_000_000;
/** The most cells of one request. */
export const MAX_CELLS = 5000;

/** Return the document of `widget`; null where it is no notebook, console or text file. */
export function liveDocument(widget: Widget, options: IDocumentOptions = {}): IWireDocument | null {
  if (widget instanceof NotebookPanel) {
    return notebookDocument(widget, options);
  }
  if (widget instanceof ConsolePanel) {
    return consoleDocument(widget);
  }
  if (widget instanceof DocumentWidget && widget.content instanceof FileEditor) {
    return fileDocument(widget.content);
  }
  return null;
}

function notebookDocument(panel: NotebookPanel, options: IDocumentOptions): IWireDocument | null {
  const cells = panel.context.model.sharedModel.cells;
  const shared = options.editor?.model.sharedModel;
  const found = shared ? cells.findIndex(cell => (cell as unknown) === shared) : panel.content.activeCellIndex;
  if (found < 0 || cells.length === 0) {
    return null;
  }
  return bounded({
    path: panel.context.path,
    language: notebookLanguage(panel),
    cell: found,
    cells: cells.map(cell => wireCell(cell, options.withOutputs ?? false))
  });
}

function notebookLanguage(panel: NotebookPanel): string {
  const model = panel.context.model;
  const info = model.getMetadata('language_info') as { name?: string } | undefined;
  const spec = model.getMetadata('kernelspec') as { language?: string } | undefined;
  return info?.name ?? spec?.language ?? (model.defaultKernelLanguage || 'python');
}

function wireCell(cell: ISharedCell, withOutputs: boolean): IWireCell {
  const type = cell.cell_type === 'code' || cell.cell_type === 'markdown' ? cell.cell_type : 'raw';
  const wire: IWireCell = { id: cell.getId(), type, source: wellFormed(cell.getSource()) };
  if (type !== 'code') {
    return wire;
  }
  const code = cell as ISharedCodeCell;
  if (typeof code.execution_count === 'number') {
    wire.execution_count = code.execution_count;
  }
  if (withOutputs) {
    wire.outputs = outputTexts(code.getOutputs() as IOutput[]);
  }
  return wire;
}

function consoleDocument(panel: ConsolePanel): IWireDocument | null {
  const prompt = panel.console.promptCell;
  if (!prompt) {
    return null;
  }
  const run = Array.from(panel.console.cells)
    .filter(cell => cell.model.type === 'code')
    .map(cell => wireCell(cell.model.sharedModel as ISharedCell, false));
  return bounded({
    path: panel.sessionContext.path,
    language: languageOfMime(prompt.editor?.model.mimeType ?? ''),
    cell: run.length,
    cells: [...run, wireCell(prompt.model.sharedModel as ISharedCell, false)]
  });
}

function fileDocument(file: FileEditor): IWireDocument {
  const language = languageOfMime(file.model.mimeType);
  const type = language === 'markdown' ? 'markdown' : 'code';
  const source = wellFormed(file.model.sharedModel.getSource());
  return { path: file.context.path, language, cell: 0, cells: [{ type, source }] };
}

/** Empty the sources that lie farthest from the cell with the cursor until the rest fits; indexes stay. */
export function bounded(document: IWireDocument): IWireDocument {
  const { cells, cell } = document;
  const order = cells.map((_, index) => index).sort((a, b) => Math.abs(a - cell) - Math.abs(b - cell));
  let room = MAX_SOURCES;
  for (const index of order) {
    const own = cells[index];
    room -= own.source.length + (own.outputs ?? []).reduce((sum, text) => sum + text.length, 0);
    if (room < 0 && index !== cell) {
      cells[index] = { ...own, source: '', outputs: own.outputs && [] };
    }
  }
  return { ...document, cells: cells.slice(0, Math.max(MAX_CELLS, cell + 1)) };
}
