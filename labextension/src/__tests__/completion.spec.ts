import { expect, test } from 'vitest';

import stream from '../../../tests/wire/completion_stream.json';
import { Completion } from '../completion';
import type { ICompletionBody } from '../wire';
import { FakeServer, settled } from './fakeServer';

const PLACE = { cell: 'a#1', context: '', prefix: 'total = ', suffix: '' };
const body = (n: number) => ({ prompt: '', suffix: '', stream: true, n, manual: false, document: null }) as unknown as ICompletionBody;

test('the pieces of the shared fixture become the candidates of an answer', async () => {
  const server = new FakeServer();
  const completion = new Completion(server.api, PLACE, body(2));
  await settled();
  for (const piece of stream) {
    await server.last.event(JSON.stringify(piece));
  }
  expect([completion.hasEnded(0), completion.hasEnded(1), completion.isOver]).toEqual([true, true, false]);
  await server.last.event('[DONE]');
  expect([completion.texts, completion.isOver, completion.error]).toEqual([['sum(😀)', 'mean'], true, null]);
});

test('the connection tells while the model answers, from the first of several answers to the end of the last', async () => {
  const { api, exchanges } = new FakeServer();
  const told: boolean[] = [];
  api.answering.connect((_, isAnswering) => told.push(isAnswering));
  const first = new Completion(api, PLACE, body(1));
  new Completion(api, PLACE, body(1));
  expect(told).toEqual([true]);
  await settled();
  first.abort();
  await settled();
  expect([told, api.isAnswering]).toEqual([[true], true]);
  await exchanges[1].end();
  expect([told, api.isAnswering]).toEqual([[true, false], false]);
});

test('an answer that breaks off has an error, one that is aborted has none', async () => {
  const server = new FakeServer();
  const [broken, aborted] = [new Completion(server.api, PLACE, body(1)), new Completion(server.api, PLACE, body(1))];
  await settled();
  await server.exchanges[0].piece('su');
  await server.exchanges[0].close();
  aborted.abort();
  await settled();
  expect(broken.error).toMatchObject({ code: 'cut' });
  expect([aborted.error, aborted.isOver, server.exchanges[1].isAborted]).toEqual([null, true, true]);
});
