import { afterEach, beforeEach, expect, test } from 'vitest';

import { settled } from '../../panel/__tests__/fakeApi';
import { EngineStatus } from '../engineStatus';
import { Models } from '../models';
import { bytes, percent } from '../words';
import { FakeStatusServer } from './fakeStatusServer';

let server: FakeStatusServer;
let engine: EngineStatus;
let models: Models;

beforeEach(() => {
  server = new FakeStatusServer();
  engine = new EngineStatus(server);
  models = new Models(server, engine);
});

afterEach(() => engine.dispose());

test('a download tells how far it is, and the list is read anew after it', async () => {
  server.pieces = [{ file: 'a', done: 50, total: 200 }];
  const shares: (number | null)[] = [];
  models.changed.connect(() => shares.push(percent(models)));
  await models.start('big');
  expect(shares).toContain(25);
  expect(models.download).toBeNull();
  expect(server.asked).toEqual(['download big', 'models']);
});

test('a download whose size is not known has no share', async () => {
  server.pieces = [{ file: 'a', done: 50, total: null }];
  server.holds = true;
  void models.start('big');
  await settled();
  expect(models.download?.progress?.done).toBe(50);
  expect(percent(models)).toBeNull();
  models.cancel();
});

test('a cancelled download closes its connection and is no failure', async () => {
  server.holds = true;
  const ended = models.start('big');
  await settled();
  models.cancel();
  expect(models.download).toBeNull();
  await ended;
  expect(server.asked).toContain('aborted');
  expect(models.failure).toBe('');
});

test('a failed download says why', async () => {
  server.pieces = [new Error('No room on the disk.')];
  await models.start('big');
  expect([models.failure, models.download]).toEqual(['No room on the disk.', null]);
});

test('loading a model takes over the status that comes of it', async () => {
  server.answer = { state: 'ready', model: 'other', detail: '' };
  await models.load('other');
  expect([engine.model, models.loading]).toEqual(['other', null]);
  expect(server.asked).toContain('load other');
});

test('unloading gives the memory back', async () => {
  await models.unload();
  expect(engine.state).toBe('off');
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [4_700, '5 kB'],
  [398_000_000, '398 MB'],
  [1_234_000_000, '1.2 GB']
])('%i bytes are %s', (count, text) => {
  expect(bytes(count)).toBe(text);
});
