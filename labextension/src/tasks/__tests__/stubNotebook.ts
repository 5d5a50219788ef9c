/** A real shared notebook behind as much of a notebook panel as `NotebookCells` uses. */

import { YNotebook } from '@jupyter/ydoc';
import type { NotebookPanel } from '@jupyterlab/notebook';

import { NotebookCells } from '../notebookCells';

export interface IStub {
  shared: YNotebook;
  cells: NotebookCells;
  model: { readOnly: boolean; sharedModel: YNotebook };
  content: { activeCellIndex: number };
}

export function stubNotebook(...sources: string[]): IStub {
  return stubShared(YNotebook.create({ disableDocumentWideUndoRedo: true }) as YNotebook, sources);
}

/** The same with a history of the whole notebook, as a setting of JupyterLab has it. */
export function stubNotebookOfOneHistory(...sources: string[]): IStub {
  return stubShared(YNotebook.create({ disableDocumentWideUndoRedo: false }) as YNotebook, sources);
}

function stubShared(shared: YNotebook, sources: string[]): IStub {
  sources.forEach(source => shared.addCell({ cell_type: 'code', source }));
  shared.cells.forEach(cell => cell.clearUndoHistory());
  const model = { readOnly: false, sharedModel: shared };
  const content = {
    activeCellIndex: 0,
    get activeCell() {
      const cell = shared.cells[this.activeCellIndex];
      return cell && { model: { id: cell.getId() } };
    },
    mode: 'edit',
    deselectAll() {},
    activate() {},
    scrollToItem: async () => {}
  };
  const panel = { content, context: { model } } as unknown as NotebookPanel;
  return { shared, model, content, cells: new NotebookCells(panel) };
}
