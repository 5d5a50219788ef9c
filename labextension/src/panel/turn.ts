/** One question or task and its answer, as it comes in. */

import { ISignal, Signal } from '@lumino/signaling';

import type { INotebookCells } from '../tasks/notebookCells';
import { Proposal } from '../tasks/proposal';
import type { IProposedCode, ISentBlock, ITaskNote, ITaskOptions, ITaskPiece } from '../tasks/task';

export type TurnState = 'waiting' | 'answering' | 'done' | 'stopped' | 'failed';

export class Turn {
  /** Remembers the cells as they are now, because the answer speaks of them by their places now. */
  constructor(options: ITaskOptions, cellId: string | null, cells: INotebookCells) {
    this.options = options;
    this.cellId = cellId;
    this._ids = cells.ids;
    this._sources = new Map(this._ids.map(id => [id, cells.source(id) ?? '']));
  }

  readonly options: ITaskOptions;
  /** The cell that the task is about. */
  readonly cellId: string | null;

  /** The answer so far: `html` from the server's renderer, which may lag behind `text`. */
  text = '';
  html = '';
  state: TurnState = 'waiting';
  failure = '';
  model = '';
  /** The cells that the answer rests on, by id. */
  citedIds: string[] = [];
  /** Where nothing was found: the cells that come nearest to the question. */
  nearestIds: string[] = [];
  sent: ISentBlock[] = [];
  promptTokens = 0;
  proposal: Proposal | null = null;
  isRefused = false;
  /** How many earlier turns the model was not shown. */
  turnsLeftOut = 0;
  /** The answer ended at its length limit. */
  isCut = false;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isRunning(): boolean {
    return this.state === 'waiting' || this.state === 'answering';
  }

  take(piece: ITaskPiece): void {
    const choice = piece.choices[0];
    this.text += choice?.delta?.content ?? '';
    this.isCut = this.isCut || choice?.finish_reason === 'length';
    this.model = piece.model ?? this.model;
    this.state = 'answering';
    if (piece.llama_assist) {
      this._note(piece.llama_assist);
    }
    this._changed.emit();
  }

  end(state: 'done' | 'stopped' | 'failed', failure = ''): void {
    this.state = state;
    this.failure = failure;
    this._changed.emit();
  }

  /** Where a cell stood when the question was asked, from 0, or -1. */
  indexOf(cellId: string): number {
    return this._ids.indexOf(cellId);
  }

  private _note(note: ITaskNote): void {
    this.html = note.html ?? this.html;
    this.citedIds = this._idsOf(note.cells) ?? this.citedIds;
    this.nearestIds = this._idsOf(note.nearest) ?? this.nearestIds;
    this.sent = note.sent ?? this.sent;
    this.promptTokens = note.prompt_tokens ?? this.promptTokens;
    this.isRefused = note.refused ?? this.isRefused;
    this.turnsLeftOut = note.turns_left_out ?? this.turnsLeftOut;
    this.proposal = note.code ? this._propose(note.code) : this.proposal;
  }

  private _idsOf(indexes: number[] | undefined): string[] | undefined {
    return indexes?.map(index => this._ids[index]).filter(id => id !== undefined);
  }

  private _propose(code: IProposedCode): Proposal | null {
    const id = this._ids[code.cell];
    if (id === undefined) {
      return null;
    }
    const proposal = new Proposal(code, id, this._sources.get(id) ?? '', {
      written: this.options.task,
      model: this.model
    });
    proposal.changed.connect(() => this._changed.emit());
    return proposal;
  }

  private readonly _ids: string[];
  private readonly _sources: Map<string, string>;
  private readonly _changed = new Signal<this, void>(this);
}
