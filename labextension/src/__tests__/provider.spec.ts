import { expect, test, vi } from 'vitest';

import { PROVIDER_ID } from '../provider';
import { DEFAULTS, type ISettings } from '../settings';
import { settled } from './fakeServer';
import { edit, hostPanel } from './hostPanel';

const SUPERSEDED = { error: { message: 'A newer request took its place.', code: 'superseded' } };
const LOADING = { error: { message: 'Loading.', code: 'engine_unavailable', state: 'loading' } };
const BUSY = { error: { message: 'The queue is full.', code: 'rate_limit_exceeded' } };
const FAILED = { error: { message: 'The weights are broken.', code: 'model_error', reason: 'wrong-hash' } };

test('a key asks the server with the text around the cursor, and the first text is shown', async () => {
  const panel = await hostPanel('pr|\nx');
  await panel.type('i');
  const { body, url } = panel.server.last;
  expect(url).toContain('/llama-assist/v1/completions');
  expect([body.prompt, body.suffix, body.stream, body.n, body.manual]).toEqual(['pri', '\nx', true, 1, false]);
  expect(body.document).toMatchObject({ path: 'a.ipynb', cell: 0, cells: [{ source: 'pri\nx' }] });
  await panel.server.last.piece('nt(');
  expect(panel.ghost()).toBe('nt(');
  await panel.server.last.piece('x)', 'stop');
  expect(panel.ghost()).toBe('nt(x)');
  expect(panel.completer.current).toMatchObject({ streaming: false, isIncomplete: false });
});

test('emoji before the cursor do not move it', async () => {
  const panel = await hostPanel('a = "😀😀"; pr|; b = "😀"');
  await panel.type('i');
  expect([panel.server.last.body.prompt, panel.server.last.body.suffix]).toEqual(['a = "😀😀"; pri', '; b = "😀"']);
});

test('a newer request aborts the older one', async () => {
  const panel = await hostPanel('p|');
  await panel.type('ri');
  expect(panel.server.exchanges.map(each => each.isAborted)).toEqual([true, false]);
});

test('typing ahead of a stream neither doubles nor loses a character', async () => {
  const panel = await hostPanel('pr|', 50);
  edit(panel.editor, 'i');
  await new Promise(resolve => setTimeout(resolve, 60));
  await panel.server.last.piece('nt(');
  await panel.type('n');
  expect(panel.ghost()).toBe('t(');
  await panel.server.last.piece('x,');
  expect(panel.ghost()).toBe('t(x,');
  await panel.type('t(');
  await panel.server.last.piece(' y)', 'stop');
  expect(panel.ghost()).toBe('x, y)');
  panel.completer.accept();
  expect(panel.drawn()).toBe('print(x, y)|');
});

test('typing what a stream says goes on with it, and sends no request', async () => {
  const panel = await hostPanel('pr|');
  await panel.type('i');
  await panel.server.last.piece('nt(');
  await panel.type('nt');
  expect(panel.ghost()).toBe('(');
  await panel.server.last.piece('x)', 'stop');
  expect(panel.ghost()).toBe('(x)');
  expect(panel.server.exchanges.length).toBe(1);
});

test('typing faster than the stream waits for it, and asks anew where it goes elsewhere', async () => {
  const panel = await hostPanel('pr|');
  await panel.type('i');
  await panel.server.last.piece('n');
  await panel.type('nter');
  expect(panel.server.exchanges.length).toBe(1);
  await panel.server.last.piece('t(x)', 'stop');
  expect(panel.server.exchanges.length).toBe(2);
  expect(panel.server.last.body.prompt).toBe('printer');
});

test('typing something else stops the model before the next request goes out', async () => {
  const panel = await hostPanel('pr|', 100000);
  panel.provider.unasked(() => panel.handler.invokeInline());
  await settled();
  await panel.server.last.piece('int');
  edit(panel.editor, 'o');
  expect(panel.server.last.isAborted).toBe(true);
});

test('typing before the first text stops the model at once', async () => {
  const panel = await hostPanel('pr|', 100000);
  panel.provider.unasked(() => panel.handler.invokeInline());
  await settled();
  edit(panel.editor, 'i');
  expect(panel.server.last.isAborted).toBe(true);
});

test('what was suggested and is typed costs no request', async () => {
  const panel = await hostPanel('pr|');
  await panel.type('i');
  await panel.server.last.piece('nt(x)');
  await panel.server.last.end();
  await panel.type('nt(');
  expect(panel.ghost()).toBe('x)');
  expect(panel.server.exchanges.length).toBe(1);
});

test('going back to an earlier place costs no request', async () => {
  const panel = await hostPanel('p|');
  await panel.type('r');
  await panel.server.last.piece('int');
  await panel.server.last.end();
  await panel.type('a');
  panel.editor.editor.dispatch({ changes: { from: 2, to: 3 }, selection: { anchor: 2 } });
  await settled();
  expect(panel.server.exchanges.length).toBe(2);
  expect(panel.ghost()).toBe('int');
});

test('moving the cursor stops the model and takes the ghost away', async () => {
  const panel = await hostPanel('f(|)');
  await panel.type('x');
  await panel.server.last.piece(', y');
  panel.editor.setCursorPosition({ line: 0, column: 4 });
  await settled();
  expect(panel.server.last.isAborted).toBe(true);
  expect(panel.completer.current ?? null).toBeNull();
});

test('another editor in the panel stops the model', async () => {
  const panel = await hostPanel('pr|');
  await panel.type('i');
  panel.handler.editor = null;
  panel.completer.editor = null;
  expect(panel.server.last.isAborted).toBe(true);
});

test('closing the document stops the model', async () => {
  const panel = await hostPanel('pr|');
  await panel.type('i');
  panel.completer.dispose();
  expect(panel.server.last.isAborted).toBe(true);
});

test('leaving the editor stops the model', async () => {
  const panel = await hostPanel('pr|');
  await panel.type('i');
  panel.editor.editor.contentDOM.blur();
  expect(panel.server.last.isAborted).toBe(true);
});

test('other settings and another model forget what was suggested', async () => {
  const panel = await hostPanel('pr|');
  await panel.type('i');
  await panel.server.last.piece('nt(x)');
  await panel.server.last.end();
  panel.provider.forget();
  await panel.type('n');
  expect(panel.server.exchanges.length).toBe(2);
});

test('a suggestion by hand asks for candidates, and they can be cycled through when they are whole', async () => {
  const panel = await hostPanel('pr|');
  panel.handler.invokeInline();
  await settled();
  expect([panel.server.last.body.n, panel.server.last.body.manual]).toEqual([3, true]);
  await panel.server.last.piece('int(a)');
  await panel.server.last.piece('', 'stop');
  expect(panel.completer.model!.completions!.items.map(item => item.insertText)).toEqual(['int(a)']);
  await panel.server.last.piece('int(', null, 1);
  await panel.server.last.piece('b)', 'stop', 1);
  await panel.server.last.piece('int(a)', 'stop', 2);
  await panel.server.last.event('[DONE]');
  expect(panel.completer.model!.completions!.items.map(item => item.insertText)).toEqual(['int(a)', 'int(b)']);
  panel.completer.cycle('next');
  panel.completer.accept();
  expect(panel.drawn()).toBe('print(b)|');
});

test('candidates that come after the user typed on are not added', async () => {
  const panel = await hostPanel('pr|');
  panel.handler.invokeInline();
  await settled();
  await panel.server.last.piece('int(a)', 'stop');
  await panel.type('x');
  expect(panel.server.exchanges[0].isAborted).toBe(true);
  expect(panel.ghost()).toBeNull();
});

test('nothing is asked inside a word, in prose, in a notebook where it is off, or while text is selected', async () => {
  const inside = await hostPanel('pr|nt');
  await inside.type('i');
  expect(inside.server.exchanges).toEqual([]);
  const prose = await hostPanel('pr|');
  prose.document.cells[0].type = 'markdown';
  await prose.type('i');
  expect(prose.server.exchanges).toEqual([]);
  const off = await hostPanel('pr|');
  off.settings.get = ((key: string) =>
    key === 'disabledNotebooks' ? ['a.ipynb'] : DEFAULTS[key as keyof ISettings]) as never;
  await off.type('i');
  expect(off.server.exchanges).toEqual([]);
  const selected = await hostPanel('pr|');
  selected.editor.setSelection({ start: { line: 0, column: 0 }, end: { line: 0, column: 2 } });
  selected.handler.invokeInline();
  await settled();
  expect(selected.server.exchanges).toEqual([]);
});

test('nothing is asked at several cursors, where the host would insert it at each', async () => {
  const panel = await hostPanel('pr|');
  const [cursor] = panel.editor.getSelections();
  vi.spyOn(panel.editor, 'getSelections').mockReturnValue([cursor, cursor]);
  await panel.type('i');
  panel.handler.invokeInline();
  await settled();
  expect(panel.server.exchanges.length).toBe(0);
});

test('where the user wants suggestions only by hand, typing asks nothing', async () => {
  const panel = await hostPanel('p|');
  panel.settings.get = (<K extends keyof ISettings>(key: K) =>
    key === 'suggestWhileTyping' ? false : DEFAULTS[key]) as typeof panel.settings.get;
  await panel.type('r');
  expect(panel.server.exchanges.length).toBe(0);
  panel.handler.invokeInline();
  await settled();
  expect(panel.server.last.body.manual).toBe(true);
});

test.each([
  ['a request that was superseded', 409, SUPERSEDED, null],
  ['a model that is being loaded', 503, LOADING, null],
  ['a full queue', 429, BUSY, null],
  ['broken weights', 503, FAILED, 'The weights are broken.']
])('%s shows an error mark only if the user can do something', async (_, status, body, message) => {
  const panel = await hostPanel('pr|');
  await panel.type('i');
  await panel.server.last.refuse(status, body);
  expect(panel.completer.current?.error?.message ?? null).toBe(message);
});

test('the same failure is shown once, until something works, and always to who asks by hand', async () => {
  const panel = await hostPanel('p|');
  const failures: (string | null)[] = [];
  for (const invoke of [() => panel.type('a'), () => panel.type('b'), async () => panel.handler.invokeInline()]) {
    await invoke();
    await settled();
    await panel.server.last.refuse(503, FAILED);
    failures.push(panel.completer.current?.error?.message ?? null);
  }
  expect(failures).toEqual(['The weights are broken.', null, 'The weights are broken.']);
});

test('an error in the middle of an answer keeps the text and marks it', async () => {
  const panel = await hostPanel('pr|');
  await panel.type('i');
  await panel.server.last.piece('nt');
  await panel.server.last.event('{"error":{"message":"The engine ended.","code":"engine_crashed"}}');
  const { current } = panel.completer;
  expect([current?.insertText, current?.error?.message, current?.streaming]).toEqual(['nt', 'The engine ended.', false]);
});

test('an answer that is late for the host is stopped', async () => {
  const panel = await hostPanel('pr|');
  panel.provider.configure({ timeout: 10 });
  await panel.type('i');
  await new Promise(resolve => setTimeout(resolve, 30));
  expect(panel.server.last.isAborted).toBe(true);
});

test('the provider is on, fills in the middle and pauses by default', async () => {
  const { provider } = await hostPanel();
  expect(provider.identifier).toBe(PROVIDER_ID);
  expect(provider.schema.default).toMatchObject({ enabled: true, autoFillInMiddle: true });
});
