import { expect, test } from 'vitest';

import { lineDiff, withGaps } from '../lineDiff';

function drawn(before: string, after: string): string[] {
  const marks = { added: '+', removed: '-', same: ' ' };
  return withGaps(lineDiff(before, after)).map(row =>
    row.kind === 'gap' ? `…${row.count}` : `${marks[row.kind]}${row.text}`
  );
}

test('a changed line is shown as removed and added', () => {
  expect(drawn('a\nb\nc', 'a\nB\nc')).toEqual([' a', '-b', '+B', ' c']);
});

test('an empty cell has no line to remove', () => {
  expect(drawn('', 'a')).toEqual(['+a']);
});

test('the diff of two texts holds every line of both', () => {
  const before = 'x\n\ny\nz';
  const after = 'x\ny\n\nw';
  const lines = lineDiff(before, after);
  const of = (kind: string) => lines.filter(line => line.kind !== kind).map(line => line.text);
  expect(of('added').join('\n')).toBe(before);
  expect(of('removed').join('\n')).toBe(after);
});

test('unchanged lines far from a change become a gap', () => {
  const before = ['1', '2', '3', '4', '5', '6', '7'].join('\n');
  expect(drawn(before, before.replace('7', 'seven'))).toEqual(['…4', ' 5', ' 6', '-7', '+seven']);
});

test('one unchanged line is no gap', () => {
  const before = ['1', '2', '3', '4', '5', '6', '7'].join('\n');
  expect(drawn(before, before.replace('4', 'four'))).toEqual([' 1', ' 2', ' 3', '-4', '+four', ' 5', ' 6', ' 7']);
});

test('a text compared with itself has nothing to show', () => {
  expect(drawn('a\nb\nc', 'a\nb\nc')).toEqual(['…3']);
});
