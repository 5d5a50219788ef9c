import { expect, test } from 'vitest';

import { events } from '../sse';

async function read(pieces: Uint8Array[]): Promise<string[]> {
  const body = new ReadableStream<Uint8Array>({
    start(stream) {
      pieces.forEach(piece => stream.enqueue(piece));
      stream.close();
    }
  });
  const found: string[] = [];
  for await (const data of events(body)) {
    found.push(data);
  }
  return found;
}

const bytes = (text: string) => new TextEncoder().encode(text);

test('events are the same however the bytes are cut, in the middle of a character too', async () => {
  const whole = bytes('data: {"text":"世界 😀"}\n\n: keep-alive\n\ndata: [DONE]\n\n');
  for (let cut = 0; cut <= whole.length; cut++) {
    expect(await read([whole.slice(0, cut), whole.slice(cut)])).toEqual(['{"text":"世界 😀"}', '[DONE]']);
  }
});

test('all three line ends are read, and one that is cut in half', async () => {
  expect(await read([bytes('data: a\r\n\r\ndata: b\r\rdata: c\n\n')])).toEqual(['a', 'b', 'c']);
  expect(await read([bytes('data: a\r'), bytes('\n\r\n')])).toEqual(['a']);
});

test('data over several lines is joined, and other fields are ignored', async () => {
  expect(await read([bytes('event: x\nid: 1\ndata: one\ndata:two\n\n')])).toEqual(['one\ntwo']);
});

test('an event that the end of the stream cuts is dropped', async () => {
  expect(await read([bytes('data: a\n\ndata: b\n')])).toEqual(['a']);
});

test('leaving early closes the stream', async () => {
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: stream => stream.enqueue(bytes('data: a\n\n')),
    cancel: () => void (isCancelled = true)
  });
  for await (const data of events(body)) {
    expect(data).toBe('a');
    break;
  }
  expect(isCancelled).toBe(true);
});
