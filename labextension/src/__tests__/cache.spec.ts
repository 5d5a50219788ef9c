import { expect, test } from 'vitest';

import { SuggestionCache } from '../cache';
import type { IPlace } from '../trimming';

const place = (prefix: string, context = 'c'): IPlace => ({ cell: 'a#1', context, prefix, suffix: '' });

test('the same place and typing on are answered, anything else is not', () => {
  const cache = new SuggestionCache();
  cache.add(place('pri'), ['nt(x)'], false, 7);
  expect(cache.find(place('pri'))).toEqual({ texts: ['nt(x)'], suggestion: 7 });
  expect(cache.find(place('prin'))).toEqual({ texts: ['t(x)'], suggestion: 7 });
  expect(cache.find(place('pra'))).toBeNull();
  expect(cache.find(place('pri', 'other'))).toBeNull();
});

test('a suggestion that is typed to its end asks anew', () => {
  const cache = new SuggestionCache();
  cache.add(place('a'), ['b'], false, 1);
  expect(cache.find(place('ab'))).toBeNull();
});

test('that there was nothing to say is remembered for its place alone', () => {
  const cache = new SuggestionCache();
  cache.add(place('a'), [''], false, 1);
  expect(cache.find(place('a'))?.texts).toEqual([]);
  expect(cache.find(place('ab'))).toBeNull();
});

test('what was asked by hand answers both, what was not answers no request by hand', () => {
  const cache = new SuggestionCache();
  cache.add(place('a'), ['1'], false, 1);
  expect(cache.find(place('a'), true)).toBeNull();
  cache.add(place('b'), ['1', '2', '2'], true, 2);
  expect(cache.find(place('b'), true)?.texts).toEqual(['1', '2']);
  expect(cache.find(place('b'))?.texts).toEqual(['1', '2']);
});

test('what was used least lately goes first', () => {
  const cache = new SuggestionCache(2);
  cache.add(place('a'), ['1'], false, 1);
  cache.add(place('b'), ['2'], false, 2);
  cache.find(place('a'));
  cache.add(place('c'), ['3'], false, 3);
  expect(cache.find(place('b'))).toBeNull();
  expect(cache.find(place('a'))?.texts).toEqual(['1']);
});

test('the newest of two that fit is taken', () => {
  const cache = new SuggestionCache();
  cache.add(place('p'), ['rint(1)'], false, 1);
  cache.add(place('pr'), ['int(2)'], false, 2);
  expect(cache.find(place('pri'))?.texts).toEqual(['nt(2)']);
});
