import { expect, test } from 'vitest';

import { cellError } from '../cellError';

const error = { output_type: 'error', ename: 'NameError', evalue: "name 'x'", traceback: ['\u001b[0;31mx\u001b[0m', 'y'] };

test('the error is found among other outputs, without colours', () => {
  const printed = { output_type: 'stream', name: 'stdout', text: 'a' };
  expect(cellError([printed, error, printed])).toEqual({ name: 'NameError', value: "name 'x'", traceback: 'x\ny' });
});

test('the last of two errors counts', () => {
  expect(cellError([error, { ...error, ename: 'TypeError' }])?.name).toBe('TypeError');
});

test('a cell without an error has none', () => {
  expect(cellError([{ output_type: 'stream', name: 'stderr', text: 'Traceback' }])).toBeNull();
});
