import { expect, test } from 'vitest';

import { remaining, type IPlace } from '../trimming';

const place = (prefix: string, suffix = '', cell = 'a#1', context = 'c'): IPlace => ({ cell, context, prefix, suffix });

test('what is typed into a suggestion is taken off it', () => {
  expect(remaining('nt(x)', place('pri'), place('pri'))).toBe('nt(x)');
  expect(remaining('nt(x)', place('pri'), place('print'))).toBe('(x)');
  expect(remaining('nt(x)', place('pri'), place('print(x)'))).toBe('');
});

test('something else that is typed leaves nothing', () => {
  expect(remaining('nt(x)', place('pri'), place('prin('))).toBeNull();
  expect(remaining('nt(x)', place('pri'), place('pr'))).toBeNull();
  expect(remaining('nt(x)', place('pri'), place('print(x)+'))).toBeNull();
});

test('another cell, another context and another text after the cursor leave nothing', () => {
  const from = place('pri', ')');
  expect(remaining('nt', from, place('pri', ')', 'a#2'))).toBeNull();
  expect(remaining('nt', from, place('pri', ')', 'a#1', 'd'))).toBeNull();
  expect(remaining('nt', from, place('pri', ''))).toBeNull();
});

test('a line end and its indentation can be typed through', () => {
  expect(remaining('\n    return x', place('def f():'), place('def f():\n    '))).toBe('return x');
});

test('a bracket that the editor closes does not come twice', () => {
  expect(remaining('nt(x)', place('pri'), place('print(', ')'))).toBe('x');
  expect(remaining('nt("x")', place('pri', '\n'), place('print("', '")\n'))).toBe('x');
});

test('a closed bracket that does not end the suggestion leaves nothing', () => {
  expect(remaining('nt(x) + 1', place('pri'), place('print(', ')'))).toBeNull();
});

test('a text that still grows may be shorter than what was typed', () => {
  expect(remaining('n', place('pri'), place('print'), false)).toBe('');
  expect(remaining('n', place('pri'), place('print'), true)).toBeNull();
  expect(remaining('n(', place('pri'), place('print('), false)).toBeNull();
});

test('characters outside the basic plane are typed through whole', () => {
  expect(remaining('😀😀!', place('"'), place('"😀'))).toBe('😀!');
});
