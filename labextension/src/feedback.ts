/** What became of suggestions, counted by the user's own server: kinds and lengths, never a text. */

import type { AssistApi } from './api';
import type { GhostItem, GhostWatch } from './ghost';
import { characters } from './offsets';

export type EventKind = 'shown' | 'accepted' | 'accepted_part' | 'dismissed';

export interface IFeedbackEvent {
  kind: EventKind;
  characters: number;
}

/** Milliseconds that events wait for others, and that a suggestion may be hidden before it counts as gone. */
const BATCH_DELAY = 2000;
const GONE_DELAY = 1000;
const MAX_WAITING = 200;

/** Sends events in batches. */
export class EventQueue {
  constructor(api: AssistApi) {
    this._api = api;
  }

  add(kind: EventKind, length: number): void {
    this._waiting.push({ kind, characters: length });
    this._waiting.splice(0, this._waiting.length - MAX_WAITING);
    this._timer ??= setTimeout(() => void this.flush(), BATCH_DELAY);
  }

  /** Send what waits; what cannot be sent waits for the next time. */
  async flush(keepalive = false): Promise<void> {
    clearTimeout(this._timer);
    this._timer = undefined;
    const events = this._waiting.splice(0);
    if (events.length === 0) {
      return;
    }
    try {
      await this._api.json('v1/events', { body: { events }, keepalive });
    } catch {
      this._waiting.unshift(...events); // the server may be restarting
    }
  }

  private readonly _api: AssistApi;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private readonly _waiting: IFeedbackEvent[] = [];
}

/** Turns what happens to the ghost text of one panel into events. */
export class Feedback {
  constructor(watch: GhostWatch, queue: EventQueue) {
    this._queue = queue;
    watch.shown.connect((_, item) => this._onShown(item));
    watch.accepted.connect((_, item) => this.accept('accepted', item.insertText));
    watch.completer.disposed.connect(() => this.end());
  }

  /** Count a text as accepted, whole or in part. */
  accept(kind: 'accepted' | 'accepted_part', text: string): void {
    if (this._current !== null) {
      this._current.isTaken = true;
    }
    this._queue.add(kind, characters(text));
  }

  /** Count the suggestion that was shown as over. */
  end(): void {
    clearTimeout(this._timer);
    const current = this._current;
    this._current = null;
    if (current !== null) {
      this._queue.add('shown', current.length);
      if (!current.isTaken) {
        this._queue.add('dismissed', current.length);
      }
    }
  }

  private _onShown(item: GhostItem | null): void {
    clearTimeout(this._timer);
    if (item === null) {
      this._timer = setTimeout(() => this.end(), GONE_DELAY);
      return;
    }
    if (this._current?.suggestion !== item.suggestion) {
      this.end();
      this._current = { suggestion: item.suggestion, length: 0, isTaken: false };
    }
    this._current.length = Math.max(this._current.length, characters(item.insertText));
    this._current.isTaken ||= this._current.length > 0 && item.insertText === '';
  }

  private _current: { suggestion: number; length: number; isTaken: boolean } | null = null;
  private readonly _queue: EventQueue;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
