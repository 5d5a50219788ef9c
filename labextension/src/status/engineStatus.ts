/** What the model in the server is doing, looked at now and then while the page is seen. */

import type { IDisposable } from '@lumino/disposable';
import { Poll, Throttler } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';

import type { IStatus, IStatusServer } from './server';

/** `off`: nothing is loaded, or the server cannot be asked (`detail` says why). */
export type EngineState = 'off' | 'loading' | 'ready' | 'busy' | 'failed';

const SLOW = { interval: 15_000, max: 60_000, backoff: true };
const QUICK = { interval: 1_000, max: 5_000, backoff: true };
/** Looks again some time after answers of this page, once after many: typing sends many requests. */
const AFTER_ANSWERS = { limit: 5_000, edge: 'trailing' as const };

export class EngineStatus implements IDisposable {
  constructor(server: IStatusServer) {
    this._server = server;
    this._poll = new Poll({
      name: 'llama-assist:status',
      factory: () => this._look(),
      frequency: SLOW,
      standby: 'when-hidden'
    });
    this._lookLater = new Throttler(() => this.refresh(), AFTER_ANSWERS);
  }

  /** The last answer, or null before the first one and where the server gave none. */
  get status(): IStatus | null {
    return this._status;
  }

  get state(): EngineState {
    const { state = 'stopped', running = 0 } = this._status ?? {};
    if (state === 'ready') {
      return this._isAnswering || running > 0 ? 'busy' : 'ready';
    }
    if (state === 'stopped') {
      return this._status !== null && this._isAnswering ? 'loading' : 'off';
    }
    return state;
  }

  /** Why it is off or failed, or how far loading is; may be empty. */
  get detail(): string {
    return this._status?.detail ?? this._unreachable;
  }

  get model(): string {
    return this._status?.model ?? '';
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  /** Look again soon; for when something has been asked of the model. */
  refresh(): Promise<void> {
    return this._poll.refresh();
  }

  /** Look often until `work` is done. */
  async during<T>(work: Promise<T>): Promise<T> {
    this._numAwaited += 1;
    void this.refresh();
    try {
      return await work;
    } finally {
      this._numAwaited -= 1;
      void this.refresh();
    }
  }

  /** Say that an answer of this page is running, which is known here sooner than from the server. */
  setAnswering(isAnswering: boolean): void {
    if (isAnswering !== this._isAnswering) {
      this._isAnswering = isAnswering;
      this._changed.emit();
      const { state, running = 0 } = this._status ?? {};
      void (state !== 'ready' || running > 0 ? this.refresh() : this._lookLater.invoke());
    }
  }

  /** Take a status that another request brought. */
  take(status: IStatus | null, unreachable = ''): void {
    this._status = status;
    this._unreachable = unreachable;
    const frequency = this._isChanging ? QUICK : SLOW;
    if (this._poll.frequency.interval !== frequency.interval) {
      this._poll.frequency = frequency;
    }
    this._changed.emit();
  }

  dispose(): void {
    this._lookLater.dispose();
    this._poll.dispose();
    Signal.clearData(this);
  }

  /** Whether the model is being loaded, or is about to be. */
  private get _isChanging(): boolean {
    const state = this._status?.state;
    return state === 'loading' || (state !== 'ready' && (this._isAnswering || this._numAwaited > 0));
  }

  private async _look(): Promise<void> {
    try {
      this.take(await this._server.status());
    } catch (error) {
      this.take(null, error instanceof Error ? error.message : String(error));
      throw error; // the poll waits longer after each failure
    }
  }

  private readonly _server: IStatusServer;
  private readonly _poll: Poll;
  private readonly _lookLater: Throttler;
  private _status: IStatus | null = null;
  private _unreachable = '';
  private _isAnswering = false;
  private _numAwaited = 0;
  private readonly _changed = new Signal<this, void>(this);
}

/** Call `change` when another model serves than before. */
export function whenModelChanges(engine: EngineStatus, change: () => void): void {
  let last = engine.model;
  engine.changed.connect(() => {
    const { model } = engine;
    if (model !== '' && model !== last) {
      if (last !== '') {
        change();
      }
      last = model;
    }
  });
}
