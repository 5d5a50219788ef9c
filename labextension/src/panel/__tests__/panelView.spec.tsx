import { nullTranslator } from '@jupyterlab/translation';
import * as React from 'react';
import { createRoot, Root } from 'react-dom/client';
import { flushSync } from 'react-dom';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { ITaskOptions } from '../../tasks/task';
import { IStub, stubNotebook } from '../../tasks/__tests__/stubNotebook';
import { taskLabels } from '../labels';
import { QuestionBox } from '../questionBox';
import { Turn } from '../turn';
import { TurnView } from '../turnView';

const trans = nullTranslator.load('');
const PAYLOAD = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
let host: HTMLElement;
let root: Root;
let stub: IStub;
let revealed: string[];

beforeEach(() => {
  host = document.body.appendChild(document.createElement('div'));
  root = createRoot(host);
  stub = stubNotebook('import math', 'pirnt(1)');
  revealed = [];
});

afterEach(() => {
  root.unmount();
  host.remove();
});

function show(element: React.ReactElement): void {
  flushSync(() => root.render(element));
}

function showTurn(options: ITaskOptions, fill: (turn: Turn) => void): Turn {
  const turn = new Turn(options, stub.cells.ids[1], stub.cells);
  fill(turn);
  show(
    <TurnView
      turn={turn}
      cells={stub.cells}
      labels={taskLabels(trans)}
      trans={trans}
      onRetry={() => undefined}
      onReveal={id => revealed.push(id)}
    />
  );
  return turn;
}

function button(label: string): HTMLButtonElement {
  const found = [...host.querySelectorAll('button')].find(each => each.textContent === label);
  expect(found, label).toBeDefined();
  return found!;
}

test.each([
  ['ask', 3],
  ['fix', 3]
] as const)('of a turn of %s everything but the rendered answer is plain text', (task, count) => {
  showTurn({ task, question: PAYLOAD }, turn => {
    turn.take({
      choices: [{ delta: { content: PAYLOAD } }],
      llama_assist: { code: { text: PAYLOAD, language: 'python', parses: false, action: 'replace', cell: 1 } }
    });
    turn.end('failed', PAYLOAD);
  });
  expect(host.querySelectorAll('img, script').length).toBe(0);
  expect(host.textContent!.split(PAYLOAD).length - 1).toBe(count);
});

test('the HTML of the renderer is shown, and its links open elsewhere', () => {
  const open = vi.spyOn(window, 'open').mockReturnValue(null);
  showTurn({ task: 'ask', question: 'q' }, turn =>
    turn.take({ choices: [{}], llama_assist: { html: '<p><a href="https://example.org/"><b>x</b></a></p>' } })
  );
  const click = new MouseEvent('click', { bubbles: true, cancelable: true });
  host.querySelector('b')!.dispatchEvent(click);
  expect(click.defaultPrevented).toBe(true);
  expect(open).toHaveBeenCalledWith('https://example.org/', '_blank', 'noopener,noreferrer');
  open.mockRestore();
});

test('a click on a cited cell goes there, and a deleted cell cannot be gone to', () => {
  const turn = showTurn({ task: 'ask', question: 'q' }, turn =>
    turn.take({ choices: [{ delta: { content: 'a' } }], llama_assist: { cells: [0] } })
  );
  expect(turn.citedIds.length).toBe(1);
  button('Cell 1import math').click();
  expect(revealed).toEqual([stub.cells.ids[0]]);
  stub.shared.deleteCell(0);
  flushSync(() => turn.end('done'));
  expect(button('Cell 1').disabled).toBe(true);
});

test('the link of a cell shows how the cell begins', () => {
  stub.shared.cells[0].setSource('\n\nimport math\nx = 1\ny = 2\nz = 3');
  showTurn({ task: 'ask', question: 'q' }, turn => turn.take({ choices: [{}], llama_assist: { cells: [0] } }));
  expect(button('Cell 1import math').title).toBe('import math\nx = 1\ny = 2');
});

test('where nothing was found, the nearest cells are linked as such', () => {
  const turn = showTurn({ task: 'ask', question: 'q' }, turn =>
    turn.take({ choices: [{}], llama_assist: { cells: [], nearest: [1, 7] } })
  );
  expect(turn.nearestIds).toEqual([stub.cells.ids[1]]);
  expect(host.querySelector('nav')!.textContent).toBe('NearestCell 2pirnt(1)');
});

test('a fix is written only by a click', () => {
  const turn = showTurn({ task: 'fix' }, turn => {
    turn.take({
      choices: [{}],
      llama_assist: { code: { text: 'print(1)', language: 'python', parses: true, action: 'replace', cell: 1 } }
    });
    turn.end('done');
  });
  expect(stub.cells.source(turn.cellId!)).toBe('pirnt(1)');
  expect(host.querySelector('ins')!.textContent).toContain('print(1)');
  flushSync(() => button('Apply').click());
  expect(stub.cells.source(turn.cellId!)).toBe('print(1)');
  expect(host.textContent).toContain('One undo takes it back');
  expect(host.textContent).not.toContain('Discard');
});

test('code that does not parse is marked', () => {
  showTurn({ task: 'test' }, turn =>
    turn.take({
      choices: [{}],
      llama_assist: { code: { text: 'def f(:', language: 'python', parses: false, action: 'insert', cell: 1 } }
    })
  );
  expect(host.textContent).toContain('does not parse');
  expect(button('Insert').disabled).toBe(false);
});

function type(text: string, event: KeyboardEventInit): void {
  const area = host.querySelector('textarea')!;
  const set = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value')!.set!;
  set.call(area, text);
  flushSync(() => area.dispatchEvent(new Event('input', { bubbles: true })));
  flushSync(() => area.dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...event })));
}

function showBox(isBusy: boolean): string[] {
  const told: string[] = [];
  show(
    <QuestionBox
      isEnabled
      isBusy={isBusy}
      trans={trans}
      inputRef={React.createRef()}
      onSend={question => told.push(question)}
      onStop={() => told.push('STOP')}
      onLeave={() => told.push('LEAVE')}
    />
  );
  return told;
}

test('Enter sends, with Shift or while a word is being composed it does not', () => {
  const told = showBox(false);
  type(' what? ', { key: 'Enter', shiftKey: true });
  type(' what? ', { key: 'Enter', isComposing: true });
  type('  ', { key: 'Enter' });
  expect(told).toEqual([]);
  type(' what? ', { key: 'Enter' });
  expect(told).toEqual(['what?']);
  expect(host.querySelector('textarea')!.value).toBe('');
});

test('Escape stops a running answer, and leaves otherwise', () => {
  const told = showBox(true);
  type('', { key: 'Escape' });
  expect(told).toEqual(['STOP']);
  const idle = showBox(false);
  type('', { key: 'Escape' });
  expect(idle).toEqual(['LEAVE']);
});
