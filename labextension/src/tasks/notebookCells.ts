/** The cells of one open notebook, by id: read live from the shared model, written only in single undo steps. */

import type { Notebook, NotebookPanel } from '@jupyterlab/notebook';
import type { IOutput } from '@jupyterlab/nbformat';
import type { ISharedCell, ISharedCodeCell } from '@jupyter/ydoc';
import type { UndoManager } from 'yjs';

import { cellError } from './cellError';
import type { ICellError, TaskName } from './task';

/** Under this key of a cell's metadata stands which task wrote it, and with which model. */
export const MARK = 'llama_assist';

export interface IMark {
  written: TaskName;
  model: string;
}

/** What a conversation needs of a notebook. */
export interface INotebookCells {
  readonly ids: string[];
  readonly activeId: string | null;
  source(id: string): string | null;
  error(id: string): ICellError | null;
  isWritable(id?: string): boolean;
  replace(id: string, text: string, mark: IMark): void;
  insertBelow(id: string, text: string, mark: IMark): void;
  reveal(id: string): Promise<void>;
}

export class NotebookCells implements INotebookCells {
  constructor(panel: NotebookPanel) {
    this._panel = panel;
  }

  get ids(): string[] {
    return this._shared.map(cell => cell.getId());
  }

  get activeId(): string | null {
    return this._notebook.activeCell?.model.id ?? null;
  }

  source(id: string): string | null {
    return this._find(id)?.getSource() ?? null;
  }

  error(id: string): ICellError | null {
    const cell = this._find(id);
    return cell?.cell_type === 'code' ? cellError((cell as ISharedCodeCell).getOutputs() as IOutput[]) : null;
  }

  /** Whether the notebook may be changed, and in it the cell `id`. */
  isWritable(id?: string): boolean {
    const cell = id === undefined ? undefined : this._find(id);
    return !this._panel.context.model.readOnly && cell?.getMetadata('editable') !== false;
  }

  replace(id: string, text: string, mark: IMark): void {
    const cell = this._find(id);
    if (!cell) {
      return;
    }
    asOneStep(undoManager(cell), () =>
      cell.transact(() => {
        cell.setSource(text);
        cell.setMetadata(MARK, { ...mark });
      })
    );
  }

  insertBelow(id: string, text: string, mark: IMark): void {
    const notebook = this._panel.context.model.sharedModel;
    const index = this.ids.indexOf(id) + 1;
    const cell = { cell_type: 'code' as const, source: text, metadata: { [MARK]: { ...mark } } };
    asOneStep(undoManager(notebook), () => notebook.insertCell(index, cell));
    this._notebook.activeCellIndex = index;
    void this._notebook.scrollToItem(index);
  }

  /** Scroll to a cell and make it the active one. */
  async reveal(id: string): Promise<void> {
    const index = this.ids.indexOf(id);
    if (index < 0) {
      return;
    }
    this._notebook.deselectAll();
    this._notebook.activeCellIndex = index;
    this._notebook.mode = 'command';
    await this._notebook.scrollToItem(index, 'smart');
    this._notebook.activate();
  }

  private get _notebook(): Notebook {
    return this._panel.content;
  }

  private get _shared(): ISharedCell[] {
    return this._panel.context.model.sharedModel.cells;
  }

  private _find(id: string): ISharedCell | undefined {
    return this._shared.find(cell => cell.getId() === id);
  }

  private readonly _panel: NotebookPanel;
}

/** Keep what `change` does apart from the typing before and after it, which would join the same undo step. */
function asOneStep(manager: UndoManager | null, change: () => void): void {
  manager?.stopCapturing();
  change();
  manager?.stopCapturing();
}

/** Every shared model that exists has one, but its interface does not say so. */
function undoManager(shared: object): UndoManager | null {
  return (shared as { undoManager?: UndoManager | null }).undoManager ?? null;
}
