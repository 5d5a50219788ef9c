/** The turns of one notebook; at most one of them is being answered. */

import type { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import type { INotebookCells } from '../tasks/notebookCells';
import type { IMessage, ITaskOptions, ITaskServer } from '../tasks/task';
import { Turn } from './turn';

/** Reads the live notebook for a request about the cell at `index`. */
export type ReadDocument = (index: number) => object | Promise<object>;

/** The most earlier messages and the most refused fixes that the server takes. */
const MAX_MESSAGES = 200;
const MAX_AVOID = 20;

export class Conversation implements IDisposable {
  constructor(server: ITaskServer) {
    this._server = server;
  }

  get turns(): readonly Turn[] {
    return this._turns;
  }

  get isBusy(): boolean {
    return this._abort !== null;
  }

  /** A turn began or ended, or all were cleared; what happens within a turn is told by the turn. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Ask; a turn that is still being answered is stopped. Returns when the answer has ended, however it did. */
  async start(options: ITaskOptions, cellId: string | null, cells: INotebookCells, read: ReadDocument): Promise<Turn> {
    this.stop();
    const turn = new Turn(this._withHistory(options, cellId), cellId, cells);
    const abort = new AbortController();
    this._turns.push(turn);
    this._abort = abort;
    this._emit();
    try {
      await this._answer(turn, read, abort.signal);
    } finally {
      if (this._abort === abort) {
        this._abort = null;
        this._emit();
      }
    }
    return turn;
  }

  /** End the running answer at once; what has come of it stays. */
  stop(): void {
    if (this._abort) {
      this._abort.abort();
      this._abort = null;
      this._turns.find(turn => turn.isRunning)?.end('stopped');
      this._emit();
    }
  }

  clear(): void {
    this.stop();
    this._turns = [];
    this._emit();
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this.stop();
      Signal.clearData(this);
    }
  }

  private async _answer(turn: Turn, read: ReadDocument, signal: AbortSignal): Promise<void> {
    try {
      const index = turn.cellId === null ? 0 : Math.max(0, turn.indexOf(turn.cellId));
      const document = await read(index);
      signal.throwIfAborted();
      for await (const piece of this._server.run({ ...turn.options, document, render: true, stream: true }, signal)) {
        if (signal.aborted) {
          return;
        }
        turn.take(piece);
      }
      this._end(turn, signal, 'done');
    } catch (error) {
      this._end(turn, signal, 'failed', error instanceof Error ? error.message : String(error));
    }
  }

  /** A stopped turn has ended already, and whatever the closed connection says is no failure. */
  private _end(turn: Turn, signal: AbortSignal, state: 'done' | 'failed', failure = ''): void {
    if (!signal.aborted) {
      turn.end(state, failure);
    }
  }

  private _withHistory(options: ITaskOptions, cellId: string | null): ITaskOptions {
    switch (options.task) {
      case 'ask':
        return { ...options, messages: this._messages() };
      case 'fix':
        return { ...options, avoid: this._discardedFixes(cellId) };
      default:
        return options;
    }
  }

  /** The questions asked so far and their whole answers. */
  private _messages(): IMessage[] {
    return this._turns
      .filter(turn => turn.options.task === 'ask' && turn.state === 'done')
      .flatMap((turn): IMessage[] => [
        { role: 'user', content: turn.options.question ?? '' },
        { role: 'assistant', content: turn.text }
      ])
      .slice(-MAX_MESSAGES);
  }

  private _discardedFixes(cellId: string | null): string[] {
    return this._turns
      .filter(turn => turn.options.task === 'fix' && turn.cellId === cellId)
      .flatMap(turn => (turn.proposal?.state === 'discarded' ? [turn.proposal.text] : []))
      .slice(-MAX_AVOID);
  }

  private _emit(): void {
    this._changed.emit();
  }

  private readonly _server: ITaskServer;
  private _turns: Turn[] = [];
  private _abort: AbortController | null = null;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}
