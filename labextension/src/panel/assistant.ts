/** Which notebook the panel is about, and what may be asked about it now. */

import { Cell, CodeCell } from '@jupyterlab/cells';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import { ISignal, Signal } from '@lumino/signaling';

import { showsError } from '../tasks/cellError';
import { NotebookCells } from '../tasks/notebookCells';
import type { ITaskOptions, ITaskServer, TaskName } from '../tasks/task';
import { Conversation } from './conversation';

/** Reads a live notebook for a request about its cell at `index`. */
export type ReadNotebook = (panel: NotebookPanel, index: number) => object | Promise<object>;

export interface ICurrentNotebook {
  panel: NotebookPanel;
  cells: NotebookCells;
  conversation: Conversation;
}

export class Assistant {
  constructor(tracker: INotebookTracker, server: ITaskServer, read: ReadNotebook) {
    this._server = server;
    this._read = read;
    tracker.currentChanged.connect((_, panel) => this._follow(panel));
    tracker.activeCellChanged.connect((_, cell) => this._followCell(cell));
    this._followCell(tracker.activeCell);
    this._follow(tracker.currentWidget);
  }

  /** The last used notebook, or null where none is open. */
  get current(): ICurrentNotebook | null {
    return this._current;
  }

  get isBusy(): boolean {
    return this._current?.conversation.isBusy ?? false;
  }

  /** The language that comments were last translated into. */
  language = 'English';

  /** Whether the active cell shows an error. */
  get isErrorShown(): boolean {
    return this._isErrorShown;
  }

  /** Whether the active cell is one that `task` can be about. */
  canRun(task: TaskName): boolean {
    const hasCell = this._current !== null && this._current.cells.activeId !== null;
    return hasCell && (task !== 'fix' || this._isErrorShown);
  }

  /** Another notebook or cell is the active one, or the conversation changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Ask about a cell of the current notebook, by default the active one. */
  async run(options: ITaskOptions, cellId?: string): Promise<void> {
    const current = this._current;
    if (!current) {
      return;
    }
    const { panel, cells, conversation } = current;
    const id = cellId ?? cells.activeId;
    const error = options.task === 'fix' && id !== null ? cells.error(id) : null;
    await conversation.start(error ? { ...options, error } : options, id, cells, index => this._read(panel, index));
  }

  stop(): void {
    this._current?.conversation.stop();
  }

  private _follow(panel: NotebookPanel | null): void {
    this._current?.conversation.changed.disconnect(this._emit, this);
    this._current = panel && { panel, cells: new NotebookCells(panel), conversation: this._conversation(panel.context) };
    this._current?.conversation.changed.connect(this._emit, this);
    this._emit();
  }

  /** The conversation belongs to the document: two views of one notebook share it. */
  private _conversation(context: DocumentRegistry.Context): Conversation {
    let conversation = this._conversations.get(context);
    if (!conversation) {
      conversation = new Conversation(this._server);
      this._conversations.set(context, conversation);
      context.disposed.connect(conversation.dispose, conversation);
    }
    return conversation;
  }

  /** Tell when the active cell comes to show an error, or no longer does. */
  private _followCell(cell: Cell | null): void {
    this._outputs?.changed.disconnect(this._followOutputs, this);
    this._outputs = cell instanceof CodeCell ? cell.model.outputs : null;
    this._outputs?.changed.connect(this._followOutputs, this);
    this._isErrorShown = showsError(this._outputs);
    this._emit();
  }

  private _followOutputs(): void {
    const isErrorShown = showsError(this._outputs);
    if (isErrorShown !== this._isErrorShown) {
      this._isErrorShown = isErrorShown;
      this._emit();
    }
  }

  private _emit(): void {
    this._changed.emit();
  }

  private readonly _server: ITaskServer;
  private readonly _read: ReadNotebook;
  private readonly _conversations = new WeakMap<DocumentRegistry.Context, Conversation>();
  private _outputs: CodeCell['model']['outputs'] | null = null;
  private _isErrorShown = false;
  private _current: ICurrentNotebook | null = null;
  private readonly _changed = new Signal<this, void>(this);
}
