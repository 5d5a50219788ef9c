/** One running answer of the model: it grows by itself, can be watched, and stops when it is aborted. */

import { PromiseDelegate } from '@lumino/coreutils';

import { isAbort, type AssistApi } from './api';
import { isSame } from './cache';
import { remaining, type IPlace } from './trimming';
import type { ICompletionBody, ICompletionPiece } from './wire';

let count = 0;

export class Completion {
  /** Ask for `body` at `place`. */
  constructor(api: AssistApi, place: IPlace, body: ICompletionBody) {
    this.place = place;
    this.manual = body.manual;
    this._candidates = Array.from({ length: body.n }, () => ({ text: '', ended: false }));
    void this._run(api.answer<ICompletionPiece>('v1/completions', body, this._abort.signal));
  }

  readonly id = ++count;
  readonly place: IPlace;
  readonly manual: boolean;

  /** Whether nothing more will come. */
  get isOver(): boolean {
    return this._isOver;
  }

  get isAborted(): boolean {
    return this._abort.signal.aborted;
  }

  /** Why it failed; null where it did not, and where it was aborted. */
  get error(): unknown {
    return this._error;
  }

  /** The candidates so far. */
  get texts(): string[] {
    return this._candidates.map(candidate => candidate.text);
  }

  /** Resolves when anything has changed. */
  get changed(): Promise<void> {
    return this._changed.promise;
  }

  /** Whether candidate `index` is whole. */
  hasEnded(index = 0): boolean {
    return this._isOver || this._candidates[index].ended;
  }

  /** Return what is left of a candidate at the place `now`; null where something else was typed. */
  rest(now: IPlace, index = 0): string | null {
    return remaining(this._candidates[index].text, this.place, now, this.hasEnded(index));
  }

  /** Whether the user is typing what it writes; before it has written anything, whether he types nothing. */
  fits(now: IPlace): boolean {
    return this._candidates[0].text === '' ? isSame(this.place, now) : this.rest(now) !== null;
  }

  /** Close the connection, by which the model stops. */
  abort(): void {
    if (!this._isOver) {
      this._abort.abort();
      this._finish();
    }
  }

  private async _run(pieces: AsyncGenerator<ICompletionPiece>): Promise<void> {
    try {
      for await (const piece of pieces) {
        if (this._isOver) {
          return;
        }
        this._take(piece);
      }
    } catch (error) {
      this._error = this.isAborted || isAbort(error) ? null : error;
    } finally {
      this._finish();
    }
  }

  private _take(piece: ICompletionPiece): void {
    for (const choice of piece.choices) {
      const candidate = this._candidates[choice.index];
      candidate.text += choice.text;
      candidate.ended ||= choice.finish_reason !== null;
    }
    this._notify();
  }

  private _finish(): void {
    this._isOver = true;
    this._notify();
  }

  private _notify(): void {
    const changed = this._changed;
    this._changed = new PromiseDelegate<void>();
    changed.resolve();
  }

  private _error: unknown = null;
  private _isOver = false;
  private readonly _abort = new AbortController();
  private readonly _candidates: { text: string; ended: boolean }[];
  private _changed = new PromiseDelegate<void>();
}
