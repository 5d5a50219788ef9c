import { Text } from '@jupyterlab/coreutils';
import { afterEach, expect, test, vi } from 'vitest';

import { aroundCursor, characters, wellFormed } from '../offsets';

afterEach(() => vi.restoreAllMocks());

const TEXTS = ['', 'ab', '😀ab', 'a😀😀b', 'é́a', '👩‍👩‍👧 = 1\nπ'];

function requestAt(text: string, index: number) {
  return { text, offset: Text.jsIndexToCharIndex(index, text) }; // as the host composes it
}

function bordersOf(text: string): number[] {
  const borders = [0];
  for (const character of text) {
    borders.push(borders[borders.length - 1] + character.length);
  }
  return borders;
}

test.each(TEXTS)('the cursor is found at every place of %j', text => {
  for (const index of bordersOf(text)) {
    expect(aroundCursor(requestAt(text, index))).toEqual({ prefix: text.slice(0, index), suffix: text.slice(index) });
  }
});

test.each(TEXTS)('the cursor is found in %j where the host counts UTF-16 units, as it did before 4.5', text => {
  vi.spyOn(Text, 'jsIndexToCharIndex').mockImplementation(index => index);
  vi.spyOn(Text, 'charIndexToJsIndex').mockImplementation(index => index);
  for (const index of bordersOf(text)) {
    expect(aroundCursor(requestAt(text, index)).prefix).toBe(text.slice(0, index));
  }
});

test('halves of surrogate pairs are replaced, whole ones are kept', () => {
  expect(wellFormed('a\ud83db😀\ude00')).toBe('a\ufffdb😀\ufffd');
});

test('characters are code points', () => {
  expect(characters('a😀b')).toBe(3);
});
