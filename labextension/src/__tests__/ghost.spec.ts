import { expect, test } from 'vitest';

import { acceptPart, nextPart } from '../acceptance';
import { isAtCursor } from '../edits';
import { IdleInvoker, isBlankLine } from '../idle';
import { settled } from './fakeServer';
import { edit, hostPanel, type IHostPanel } from './hostPanel';

const ACTIVE = 'jp-mod-inline-completer-active';

/** A panel in which `text` is suggested at the end of what stands there. */
async function suggesting(source: string, text: string): Promise<IHostPanel> {
  const panel = await hostPanel(source);
  panel.provider.unasked(() => panel.handler.invokeInline());
  await settled();
  await panel.server.last.piece(text);
  await panel.server.last.end();
  return panel;
}

const isActive = (panel: IHostPanel) => panel.editor.host.classList.contains(ACTIVE);

test('accepting on a blank line keeps the spaces that were typed into the ghost', async () => {
  const panel = await suggesting('if x:\n|', '    return x');
  await panel.type('  ');
  expect(panel.ghost()).toBe('  return x');
  panel.completer.accept();
  expect(panel.drawn()).toBe('if x:\n    return x|');
});

test('a line end that is typed into the ghost keeps the rest of it', async () => {
  const panel = await suggesting('if x:|', '\n    return x\n');
  edit(panel.editor, '\n    ');
  await settled();
  expect(panel.ghost()).toBe('return x\n');
  panel.completer.accept();
  expect(panel.drawn()).toBe('if x:\n    return x\n|');
});

test('Tab is given back to the editor when the ghost was typed to its end, or went away', async () => {
  for (const typed of ['rint', 'x']) {
    const panel = await suggesting('p|', 'rint');
    expect(isActive(panel)).toBe(true);
    await panel.type(typed);
    await settled();
    expect(isActive(panel)).toBe(false);
  }
});

test('deleting takes the ghost away', async () => {
  const panel = await suggesting('pr|', 'int');
  panel.editor.editor.dispatch({ changes: { from: 1, to: 2 }, selection: { anchor: 1 } });
  await settled();
  expect(panel.ghost()).toBeNull();
});

test('going right past the text after the cursor does not let the ghost replace it', async () => {
  const panel = await suggesting('f(|)', 'x');
  panel.editor.setCursorPosition({ line: 0, column: 3 });
  panel.completer.accept();
  expect(panel.drawn()).toBe('f()|');
});

test('what somebody else writes into the cell takes the ghost away and asks nothing', async () => {
  const panel = await suggesting('pr|', 'int');
  panel.editor.model.sharedModel.updateSource(0, 0, '# hi\n');
  await settled();
  expect(panel.ghost()).toBeNull();
  expect(panel.server.exchanges.length).toBe(1);
});

test('a bracket that the editor closes leaves the rest of the suggestion', async () => {
  const panel = await suggesting('pr|', 'int(x)');
  await panel.type('int');
  panel.editor.editor.dispatch({ changes: { from: 5, insert: '()' }, selection: { anchor: 6 } });
  await settled();
  expect(panel.ghost()).toBe('x');
  expect(panel.server.exchanges.length).toBe(1);
  panel.completer.accept();
  expect(panel.drawn()).toBe('print(x|)');
});

test('word by word and line by line, the rest stays and nothing is asked', async () => {
  const panel = await suggesting('def f():|', '\n    return a + b\n    # end');
  expect(acceptPart(panel.watch, 'word')).toBe('\n    return');
  await settled();
  expect(panel.ghost()).toBe(' a + b\n    # end');
  expect(acceptPart(panel.watch, 'line')).toBe(' a + b');
  await settled();
  expect(acceptPart(panel.watch, 'line')).toBe('\n    # end');
  await settled();
  expect(panel.drawn()).toBe('def f():\n    return a + b\n    # end|');
  expect(panel.ghost()).toBeNull();
  expect(panel.server.exchanges.length).toBe(2); // the second for what comes after the end
});

test('without a suggestion a part of it is nothing', async () => {
  const panel = await hostPanel('a|');
  expect(acceptPart(panel.watch, 'word')).toBe('');
  expect(panel.drawn()).toBe('a|');
});

test.each([
  ['foo(bar)', 'foo'],
  ['(bar)', '('],
  [' += größe', ' +='],
  ['😀😀 x', '😀😀'],
  ['\n\n    x = 1', '\n\n    x'],
  ['   ', '   ']
])('the next word of %j is %j', (text, word) => {
  expect(nextPart(text, 'word')).toBe(word);
});

test.each([
  ['a b\nc', 'a b'],
  ['\nc\nd', '\nc'],
  ['\n\n  c\nd', '\n\n  c'],
  ['   ', '   ']
])('the next line of %j is %j', (text, line) => {
  expect(nextPart(text, 'line')).toBe(line);
});

test('a change is at the cursor if the cursor stands in or behind it', () => {
  expect(isAtCursor([{ retain: 3 }, { insert: 'x' }], 4)).toBe(true);
  expect(isAtCursor([{ retain: 3 }, { insert: '()' }], 4)).toBe(true);
  expect(isAtCursor([{ retain: 3 }, { insert: 'x' }], 3)).toBe(false);
  expect(isAtCursor([{ insert: 'x' }], 9)).toBe(false);
  expect(isAtCursor([{ retain: 3 }, { delete: 2 }], 3)).toBe(true);
  expect(isAtCursor([{ delete: 2 }], 3)).toBe(false);
});

test.each([
  ['# a comment\n', true],
  ['def f():\n    ', true],
  ['', false],
  ['\n\n', false],
  ['x = 1', false],
  ['x = 1\ny', false]
])('the cursor after %j is on a blank line below something: %s', (prefix, isBlank) => {
  expect(isBlankLine(prefix)).toBe(isBlank);
});

test('a pause on a blank line asks once, as unasked; a key in the pause, or a move, asks nothing', async () => {
  const panel = await hostPanel('# the mean|');
  const asked: string[] = [];
  new IdleInvoker(panel.watch, {
    delay: () => 20,
    isAtHand: () => false,
    invoke: () => {
      asked.push(panel.drawn());
      panel.provider.unasked(() => panel.handler.invokeInline());
    }
  });
  await panel.type('\n');
  await new Promise(resolve => setTimeout(resolve, 40));
  expect(asked).toEqual(['# the mean\n|']);
  expect([panel.server.last.body.n, panel.server.last.body.manual]).toEqual([1, false]);
  edit(panel.editor, '\n');
  panel.editor.setCursorPosition({ line: 0, column: 0 });
  await new Promise(resolve => setTimeout(resolve, 40));
  edit(panel.editor, 'x');
  await new Promise(resolve => setTimeout(resolve, 40));
  expect(asked.length).toBe(1);
});

test('dismissing takes the ghost away and stops the model', async () => {
  const panel = await hostPanel('pr|');
  await panel.type('i');
  await panel.server.last.piece('nt');
  panel.watch.clear();
  expect(panel.ghost()).toBeNull();
  expect(isActive(panel)).toBe(false);
  expect(panel.server.last.isAborted).toBe(true);
});
