import { expect, test } from 'vitest';

import { bounded, MAX_SOURCES } from '../document';
import { isProse, languageOfMime } from '../language';
import { MAX_OUTPUT, outputTexts } from '../outputText';
import { makeSite } from '../site';
import type { IWireDocument } from '../wire';

function notebook(sources: string[], cell: number): IWireDocument {
  return { path: 'a.ipynb', language: 'python', cell, cells: sources.map((source, id) => ({ id: `${id}`, type: 'code', source })) };
}

test('a notebook that is too large loses the sources that are farthest from the cursor, and no cell', () => {
  const big = 'x'.repeat(MAX_SOURCES / 2);
  const { cells } = bounded(notebook([big, 'a', big, 'b'], 3));
  expect(cells.map(cell => cell.source.length > 0)).toEqual([false, true, true, true]);
});

test('the cell with the cursor is never emptied', () => {
  const { cells } = bounded(notebook(['a', 'x'.repeat(MAX_SOURCES + 1)], 1));
  expect(cells.map(cell => cell.source.length)).toEqual([0, MAX_SOURCES + 1]);
});

test('outputs are short plain texts; what has none is left out', () => {
  const outputs = [
    { output_type: 'stream', name: 'stdout', text: ['a\n', '\u001b[31mb\u001b[0m'] },
    { output_type: 'display_data', data: { 'image/png': '...' }, metadata: {} },
    { output_type: 'execute_result', data: { 'text/plain': 'x'.repeat(MAX_OUTPUT * 3) }, metadata: {}, execution_count: 1 },
    { output_type: 'error', ename: 'KeyError', evalue: "'a'", traceback: ['...'] }
  ];
  const [stream, result, error] = outputTexts(outputs as never);
  expect([stream, error]).toEqual(['a\nb', "KeyError: 'a'"]);
  expect(result.length).toBeLessThan(MAX_OUTPUT + 10);
});

test('languages have the names that the server knows', () => {
  const names = ['text/x-python', 'text/x-ipython', 'text/x-rsrc', 'text/x-julia', 'application/sql'].map(languageOfMime);
  expect(names).toEqual(['python', 'ipython', 'r', 'julia', 'sql']);
  expect(isProse(languageOfMime('text/x-ipythongfm'))).toBe(true);
  expect(isProse(languageOfMime('text/x-python'))).toBe(false);
});

test('the context of a place is everything but its own cell', () => {
  const context = (sources: string[]) => makeSite(notebook(sources, 1), '', '').place.context;
  expect(context(['a', 'b'])).toBe(context(['a', 'c']));
  expect(context(['a', 'b'])).not.toBe(context(['c', 'b']));
  const variables = [{ name: 'x', type: 'int' }];
  expect(makeSite({ ...notebook(['a', 'b'], 1), variables }, '', '').place.context).not.toBe(context(['a', 'b']));
});
