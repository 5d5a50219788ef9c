/** jsdom with Node's own way to abort: Node's `Request`, which the tests use, takes no other from version 24 on. */

import { builtinEnvironments, type Environment } from 'vitest/environments';

const { jsdom } = builtinEnvironments;

export default {
  name: 'jsdom-with-abort',
  transformMode: 'web',
  async setup(global, options) {
    const { AbortController, AbortSignal } = global;
    const environment = await jsdom.setup(global, options);
    Object.assign(global, { AbortController, AbortSignal });
    return environment;
  }
} satisfies Environment;
