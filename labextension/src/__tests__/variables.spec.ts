import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { decodeSchemas } from '../schemasCode';
import { VariableReader, readSchemas } from '../variables';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const SCHEMAS = [{ name: 'größe', type: 'int' }];
const shown = `'${Buffer.from(JSON.stringify(SCHEMAS)).toString('hex')}'`;
const REPLY = { content: { status: 'ok', user_expressions: { schemas: { status: 'ok', data: { 'text/plain': shown } } } } };

/** A kernel that answers with `reply` after `delay` milliseconds. */
function kernel({ language = 'python', status = 'idle', reply = REPLY as unknown, delay = 5 } = {}) {
  const requests: any[] = [];
  const disposed: boolean[] = [];
  return {
    requests,
    disposed,
    status,
    info: Promise.resolve({ language_info: { name: language } }),
    requestExecute: (content: any) => {
      requests.push(content);
      let fail: (error: Error) => void;
      const done = new Promise((resolve, reject) => {
        fail = reject;
        setTimeout(() => resolve(reply), delay);
      });
      return { done, dispose: () => (disposed.push(true), fail(new Error('Canceled'))) };
    }
  } as any;
}

async function answer(reading: Promise<unknown>): Promise<unknown> {
  await vi.advanceTimersByTimeAsync(2000);
  return reading;
}

test('schemas are read silently, without a place in the history', async () => {
  const python = kernel();
  expect(await answer(readSchemas(python))).toEqual(SCHEMAS);
  expect(python.requests[0]).toMatchObject({ code: '', silent: true, store_history: false, allow_stdin: false });
});

test.each(['busy', 'starting', 'dead', 'unknown'])('a kernel that is %s is not asked', async status => {
  const python = kernel({ status });
  expect(await answer(readSchemas(python))).toBeNull();
  expect(python.requests).toEqual([]);
});

test.each(['R', 'julia'])('a kernel of %s is not asked', async language => {
  const other = kernel({ language });
  expect(await answer(readSchemas(other))).toBeNull();
  expect(other.requests).toEqual([]);
});

test('an answer that takes longer than the limit is given up', async () => {
  const slow = kernel({ delay: 1000 });
  const reading = readSchemas(slow);
  await vi.advanceTimersByTimeAsync(101);
  expect(slow.disposed).toEqual([true]);
  expect(await answer(reading)).toBeNull();
});

test('an error of the kernel gives nothing', async () => {
  const reply = { content: { status: 'ok', user_expressions: { schemas: { status: 'error', ename: 'NameError' } } } };
  expect(await answer(readSchemas(kernel({ reply })))).toBeNull();
});

function session(consent: boolean, python = kernel()) {
  const source = { session: { kernel: python } } as any;
  for (const name of ['iopubMessage', 'statusChanged', 'kernelChanged', 'disposed']) {
    source[name] = new Signal(source);
  }
  const asked = vi.fn(async () => consent);
  const reader = new VariableReader(source, asked);
  const run = async () => {
    source.iopubMessage.emit({ header: { msg_type: 'execute_input' } });
    source.statusChanged.emit('busy');
    source.statusChanged.emit('idle');
    await vi.advanceTimersByTimeAsync(2000);
  };
  return { reader, run, asked, python, source };
}

test('variables are read once after each execution, in the pause', async () => {
  const { reader, run, python, source } = session(true);
  await run();
  expect(reader.variables).toEqual(SCHEMAS);
  source.statusChanged.emit('busy'); // as our own request makes it
  source.statusChanged.emit('idle');
  await vi.advanceTimersByTimeAsync(2000);
  expect(python.requests.length).toBe(1);
  await run();
  expect(python.requests.length).toBe(2);
});

test('nothing is read between two cells of a run', async () => {
  const { python, source } = session(true);
  for (let cell = 0; cell < 5; cell++) {
    source.iopubMessage.emit({ header: { msg_type: 'execute_input' } });
    source.statusChanged.emit('busy');
    source.statusChanged.emit('idle');
    await vi.advanceTimersByTimeAsync(50);
  }
  expect(python.requests).toEqual([]);
  await vi.advanceTimersByTimeAsync(2000);
  expect(python.requests.length).toBe(1);
});

test('without consent the kernel is not asked', async () => {
  const { reader, run, python, asked } = session(false);
  await run();
  expect(asked).toHaveBeenCalled();
  expect(python.requests).toEqual([]);
  expect(reader.variables).toEqual([]);
});

test('nobody is asked for consent over a kernel of another language', async () => {
  const { run, asked } = session(true, kernel({ language: 'R' }));
  await run();
  expect(asked).not.toHaveBeenCalled();
});

test('a restart and another kernel forget the variables', async () => {
  for (const end of ['restarting', 'changed']) {
    const { reader, run, source } = session(true);
    await run();
    if (end === 'changed') {
      source.kernelChanged.emit({});
    } else {
      source.statusChanged.emit('restarting');
    }
    expect(reader.variables).toEqual([]);
  }
});

test('what the kernel shows is decoded', () => {
  expect(decodeSchemas(shown)).toEqual(SCHEMAS);
});
