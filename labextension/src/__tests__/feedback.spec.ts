import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { AssistApi } from '../api';
import { EventQueue, Feedback, type IFeedbackEvent } from '../feedback';
import type { GhostItem, GhostWatch } from '../ghost';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class Server {
  readonly batches: IFeedbackEvent[][] = [];
  isUp = true;
  readonly api = {
    json: async (_: string, { body }: { body: { events: IFeedbackEvent[] } }) => {
      if (!this.isUp) {
        throw new Error('down');
      }
      this.batches.push(body.events);
    }
  } as unknown as AssistApi;
}

function watched(server: Server) {
  const source = { completer: { disposed: new Signal({}) } } as any;
  source.shown = new Signal(source);
  source.accepted = new Signal(source);
  const feedback = new Feedback(source as GhostWatch, new EventQueue(server.api));
  const show = (suggestion: number | null, insertText = '') =>
    source.shown.emit(suggestion === null ? null : ({ suggestion, insertText } as GhostItem));
  const accept = (insertText: string) => source.accepted.emit({ insertText } as GhostItem);
  return { feedback, show, accept };
}

async function later(): Promise<void> {
  await vi.advanceTimersByTimeAsync(5000);
}

test('a suggestion that grows and goes is shown once at its full length, and dismissed', async () => {
  const server = new Server();
  const { show } = watched(server);
  show(1, 'a');
  show(1, 'a😀b');
  show(null);
  await later();
  expect(server.batches).toEqual([
    [
      { kind: 'shown', characters: 3 },
      { kind: 'dismissed', characters: 3 }
    ]
  ]);
});

test('an accepted suggestion is not dismissed', async () => {
  const server = new Server();
  const { show, accept } = watched(server);
  show(1, 'abc');
  accept('abc');
  show(null);
  await later();
  expect(server.batches.flat().map(event => event.kind)).toEqual(['accepted', 'shown']);
});

test('parts count by their length, and what comes after them is no dismissal', async () => {
  const server = new Server();
  const { show, feedback } = watched(server);
  show(1, 'ab cd');
  feedback.accept('accepted_part', 'ab');
  show(1, ' cd');
  show(null);
  await later();
  expect(server.batches.flat()).toEqual([
    { kind: 'accepted_part', characters: 2 },
    { kind: 'shown', characters: 5 }
  ]);
});

test('a suggestion that comes back while it is typed is one', async () => {
  const server = new Server();
  const { show } = watched(server);
  show(1, 'abc');
  show(null);
  await vi.advanceTimersByTimeAsync(100);
  show(1, 'bc');
  show(2, 'x');
  show(null);
  await later();
  expect(server.batches.flat().filter(event => event.kind === 'shown').map(event => event.characters)).toEqual([3, 1]);
});

test('what cannot be sent waits for the next time', async () => {
  const server = new Server();
  server.isUp = false;
  const queue = new EventQueue(server.api);
  queue.add('shown', 1);
  await later();
  server.isUp = true;
  queue.add('dismissed', 1);
  await later();
  expect(server.batches).toEqual([
    [
      { kind: 'shown', characters: 1 },
      { kind: 'dismissed', characters: 1 }
    ]
  ]);
});
