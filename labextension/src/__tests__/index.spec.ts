import { expect, test } from 'vitest';

import plugins from '..';

test('every plugin has an id of its own', () => {
  const ids = plugins.map(plugin => plugin.id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toContain('llama-assist:plugin');
});
