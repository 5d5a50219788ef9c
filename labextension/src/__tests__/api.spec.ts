import { expect, test } from 'vitest';

import errors from '../../../tests/wire/errors.json';
import { ApiError, isAbort } from '../api';
import { FakeServer, settled } from './fakeServer';

async function collect(stream: AsyncGenerator<unknown>): Promise<{ pieces: unknown[]; error: unknown }> {
  const pieces: unknown[] = [];
  try {
    for await (const piece of stream) {
      pieces.push(piece);
    }
  } catch (error) {
    return { pieces, error };
  }
  return { pieces, error: null };
}

test('a request goes below the base URL of a hub, with JSON', async () => {
  const server = new FakeServer();
  const reply = server.api.json<{ state: string }>('status');
  await settled();
  expect(server.last.url.replace(/\?.*/, '')).toBe('http://jupyter.invalid/user/ada/llama-assist/status');
  expect(server.last.init.method).toBe('GET');
  await server.last.refuse(200, { state: 'ready' });
  expect((await reply).state).toBe('ready');
});

test.each(errors as { status: number; body: { error: Record<string, any> } }[])(
  'the error $body.error.code is told with its fields',
  async ({ status, body }) => {
    const server = new FakeServer();
    const reply = collect(server.api.stream('v1/completions', {}));
    await settled();
    await server.last.refuse(status, body);
    const error = (await reply).error as ApiError;
    expect(error).toBeInstanceOf(ApiError);
    expect([error.code, error.message, error.status]).toEqual([body.error.code, body.error.message, status]);
    expect([error.state, error.reason]).toEqual([body.error.state, body.error.reason]);
  }
);

test('an answer that is not ours is an error with its status', async () => {
  const server = new FakeServer();
  const reply = collect(server.api.stream('v1/completions', {}));
  await settled();
  await server.last.refuse(404, 'no such page');
  expect((await reply).error).toMatchObject({ code: 'http', status: 404 });
});

test('a stream ends with [DONE], and without it is cut', async () => {
  for (const isWhole of [true, false]) {
    const server = new FakeServer();
    const reply = collect(server.api.stream('v1/completions', {}));
    await settled();
    await server.last.event('{"a":1}');
    if (isWhole) {
      await server.last.event('[DONE]');
    }
    await server.last.close();
    const { pieces, error } = await reply;
    expect(pieces).toEqual([{ a: 1 }]);
    expect(isWhole ? error : (error as ApiError).code).toBe(isWhole ? null : 'cut');
  }
});

test('an error in the middle of a stream is thrown after what came before it', async () => {
  const server = new FakeServer();
  const reply = collect(server.api.stream('v1/completions', {}));
  await settled();
  await server.last.event('{"a":1}');
  await server.last.event('{"error":{"message":"The engine ended.","code":"engine_crashed"}}');
  expect(await reply).toMatchObject({ pieces: [{ a: 1 }], error: { code: 'engine_crashed' } });
});

test('aborting before and in the middle of the answer is an abort, not a failure', async () => {
  for (const hasBegun of [false, true]) {
    const server = new FakeServer();
    const abort = new AbortController();
    const reply = collect(server.api.stream('v1/completions', {}, abort.signal));
    await settled();
    if (hasBegun) {
      await server.last.event('{"a":1}');
    }
    abort.abort();
    expect(isAbort((await reply).error)).toBe(true);
  }
});
