import { nullTranslator } from '@jupyterlab/translation';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { settled } from '../../panel/__tests__/fakeApi';
import { EngineStatus, whenModelChanges } from '../engineStatus';
import type { IStatus } from '../server';
import { stateLines, usageLine } from '../words';
import { FakeStatusServer } from './fakeStatusServer';

const trans = nullTranslator.load('');
let server: FakeStatusServer;
let engine: EngineStatus;

beforeEach(() => {
  server = new FakeStatusServer();
  engine = new EngineStatus(server);
});

afterEach(() => engine.dispose());

test.each([
  [{ state: 'stopped' }, 'off'],
  [{ state: 'loading' }, 'loading'],
  [{ state: 'ready' }, 'ready'],
  [{ state: 'ready', running: 2 }, 'busy'],
  [{ state: 'failed', detail: 'no memory' }, 'failed']
])('the server that says %o is %s', (status, state) => {
  engine.take(status as IStatus);
  expect(engine.state).toBe(state);
});

test('before the first answer it is off', () => {
  expect(engine.state).toBe('off');
});

test('a server that cannot be asked is off, and says why', async () => {
  server.answer = new Error('The server answered 404 Not Found');
  await engine.refresh();
  await settled();
  expect([engine.state, engine.detail]).toEqual(['off', 'The server answered 404 Not Found']);
});

test('an answer of this page makes it busy before the server says so', () => {
  engine.take({ state: 'ready', model: 'm', detail: '' });
  engine.setAnswering(true);
  expect(engine.state).toBe('busy');
  engine.setAnswering(false);
  expect(engine.state).toBe('ready');
});

test('an answer of this page loads a model that is not loaded', async () => {
  server.answer = { state: 'loading', model: 'm', detail: '' };
  engine.take({ state: 'stopped', model: 'm', detail: '' });
  engine.setAnswering(true);
  expect(engine.state).toBe('loading');
  await settled();
  expect(engine.status?.state).toBe('loading');
});

test('a server that is gone is off, whatever this page waits for', async () => {
  server.answer = new Error('gone');
  engine.setAnswering(true);
  await settled();
  expect([engine.state, engine.detail]).toEqual(['off', 'gone']);
});

test('an answer that was seen running is looked after when it has ended', async () => {
  engine.setAnswering(true);
  engine.take({ state: 'ready', model: 'm', detail: '', running: 1 });
  server.answer = { state: 'ready', model: 'm', detail: '', running: 0 };
  engine.setAnswering(false);
  await settled();
  expect(engine.state).toBe('ready');
});

test('a change of the model is told once, and no first look is one', () => {
  const models: string[] = [];
  whenModelChanges(engine, () => models.push(engine.model));
  for (const model of ['a', 'a', '', 'b', 'b', 'a']) {
    engine.take({ state: 'ready', model, detail: '' });
  }
  expect(models).toEqual(['b', 'a']);
});

test('every status that comes is told', () => {
  let told = 0;
  engine.changed.connect(() => (told += 1));
  engine.take({ state: 'loading', model: 'm', detail: '' });
  engine.take({ state: 'ready', model: 'm', detail: '' });
  expect(told).toBe(2);
});

test('the reason of a failure is in the words', () => {
  engine.take({ state: 'failed', model: 'big', detail: 'not enough memory' });
  expect(stateLines(engine, trans)).toEqual(['Model: big', 'State: failed (not enough memory)']);
});

test('figures are shown only where suggestions were', () => {
  const usage = { shown: 0, accepted: 0, accepted_part: 0, dismissed: 0, characters_saved: 0 };
  expect(usageLine(undefined, trans)).toBe('');
  expect(usageLine(usage, trans)).toBe('');
  expect(usageLine({ ...usage, shown: 8, accepted: 1, accepted_part: 1, characters_saved: 30 }, trans)).toBe(
    '2 of 8 suggestions taken (25 %), 30 characters saved'
  );
});
