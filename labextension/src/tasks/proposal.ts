/** Code that the model proposes for a notebook: shown first, written only by `apply`. */

import { ISignal, Signal } from '@lumino/signaling';

import { ILine, lineDiff } from './lineDiff';
import type { IMark, INotebookCells } from './notebookCells';
import type { IProposedCode } from './task';

/**
 * `open`: may be applied. `stale`: the cell changed since, and the difference to its new text is to be looked
 * at before it may be applied. `locked`, `gone`: it cannot be applied.
 */
export type ProposalState = 'open' | 'stale' | 'applied' | 'discarded' | 'locked' | 'gone';

export class Proposal {
  /** `base` is the text of the cell when the request went out. */
  constructor(code: IProposedCode, cellId: string, base: string, mark: IMark) {
    this.text = code.text.replace(/\n+$/, '');
    this.action = code.action;
    this.parses = code.parses;
    this.changesCode = code.changes_code === true;
    this.cellId = cellId;
    this._base = base;
    this._mark = mark;
  }

  readonly text: string;
  readonly action: 'replace' | 'insert';
  readonly parses: boolean;
  /** The code would do something else than before, where only its comments were to change. */
  readonly changesCode: boolean;
  readonly cellId: string;

  get state(): ProposalState {
    return this._state;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What applying would do to the cell as it was last looked at; all lines added for a new cell. */
  get diff(): ILine[] {
    return lineDiff(this.action === 'replace' ? this._base : '', this.text);
  }

  get isNoChange(): boolean {
    return this.action === 'replace' && this._base === this.text;
  }

  /** Write the code in one undo step, or say in `state` why not. Nothing is ever run. */
  apply(cells: INotebookCells): void {
    const source = cells.source(this.cellId);
    if (source === null) {
      this._become('gone');
    } else if (this.action === 'insert') {
      this._insert(cells);
    } else if (source !== this._base) {
      this._base = source;
      this._become('stale');
    } else {
      this._replace(cells);
    }
  }

  discard(): void {
    this._become('discarded');
  }

  private _insert(cells: INotebookCells): void {
    if (!cells.isWritable()) {
      return this._become('locked');
    }
    cells.insertBelow(this.cellId, this.text, this._mark);
    this._become('applied');
  }

  private _replace(cells: INotebookCells): void {
    if (!cells.isWritable(this.cellId)) {
      return this._become('locked');
    }
    cells.replace(this.cellId, this.text, this._mark);
    this._become('applied');
  }

  private _become(state: ProposalState): void {
    this._state = state;
    this._changed.emit();
  }

  private _base: string;
  private readonly _mark: IMark;
  private _state: ProposalState = 'open';
  private readonly _changed = new Signal<this, void>(this);
}
