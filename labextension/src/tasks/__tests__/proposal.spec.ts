import { expect, test } from 'vitest';

import { MARK } from '../notebookCells';
import { Proposal } from '../proposal';
import type { IProposedCode } from '../task';
import { IStub, stubNotebook, stubNotebookOfOneHistory } from './stubNotebook';

const mark = { written: 'fix' as const, model: 'm' };

function propose(stub: IStub, text: string, action: IProposedCode['action'] = 'replace', cell = 0): Proposal {
  const id = stub.cells.ids[cell];
  return new Proposal({ text, language: 'python', parses: true, action, cell }, id, stub.cells.source(id)!, mark);
}

test('applying writes the cell and marks it', () => {
  const stub = stubNotebook('pirnt(1)');
  const proposal = propose(stub, 'print(1)\n');
  proposal.apply(stub.cells);
  expect(proposal.state).toBe('applied');
  expect(stub.shared.cells[0].getSource()).toBe('print(1)');
  expect(stub.shared.cells[0].getMetadata(MARK)).toEqual({ written: 'fix', model: 'm' });
});

test.each([stubNotebook, stubNotebookOfOneHistory])('one undo takes back the text and the mark only (%o)', make => {
  const stub = make('a');
  const cell = stub.shared.cells[0];
  cell.updateSource(1, 1, 'b');
  const proposal = propose(stub, 'x\ny');
  proposal.apply(stub.cells);
  cell.undo();
  expect(cell.getSource()).toBe('ab');
  expect(cell.getMetadata(MARK)).toBeUndefined();
  cell.redo();
  expect(cell.getSource()).toBe('x\ny');
});

test('what is typed after applying is another undo step', () => {
  const stub = stubNotebook('a');
  const cell = stub.shared.cells[0];
  propose(stub, 'x').apply(stub.cells);
  cell.updateSource(1, 1, '!');
  cell.undo();
  expect(cell.getSource()).toBe('x');
});

test('a cell that changed since the request is not written, but shown against its new text', () => {
  const stub = stubNotebook('old');
  const proposal = propose(stub, 'new');
  stub.shared.cells[0].setSource('typed meanwhile');
  proposal.apply(stub.cells);
  expect(proposal.state).toBe('stale');
  expect(stub.shared.cells[0].getSource()).toBe('typed meanwhile');
  expect(proposal.diff[0]).toEqual({ kind: 'removed', text: 'typed meanwhile' });
  proposal.apply(stub.cells);
  expect(proposal.state).toBe('applied');
  expect(stub.shared.cells[0].getSource()).toBe('new');
});

test('a cell that changes again after it was looked at is refused again', () => {
  const stub = stubNotebook('old');
  const proposal = propose(stub, 'new');
  stub.shared.cells[0].setSource('once');
  proposal.apply(stub.cells);
  stub.shared.cells[0].setSource('twice');
  proposal.apply(stub.cells);
  expect(stub.shared.cells[0].getSource()).toBe('twice');
});

test('a cell that has moved is still the one that is written', () => {
  const stub = stubNotebook('first', 'second');
  const proposal = propose(stub, 'SECOND', 'replace', 1);
  stub.shared.insertCell(0, { cell_type: 'code', source: 'zeroth' });
  proposal.apply(stub.cells);
  expect(stub.shared.cells.map(cell => cell.getSource())).toEqual(['zeroth', 'first', 'SECOND']);
});

test('a deleted cell is not written', () => {
  const stub = stubNotebook('only', 'other');
  const proposal = propose(stub, 'new');
  stub.shared.deleteCell(0);
  proposal.apply(stub.cells);
  expect(proposal.state).toBe('gone');
  expect(stub.shared.cells.map(cell => cell.getSource())).toEqual(['other']);
});

test('a locked cell and a read-only notebook are not written', () => {
  const stub = stubNotebook('a');
  stub.shared.cells[0].setMetadata('editable', false);
  const locked = propose(stub, 'b');
  locked.apply(stub.cells);
  expect(locked.state).toBe('locked');
  stub.shared.cells[0].deleteMetadata('editable');
  stub.model.readOnly = true;
  const inserted = propose(stub, 'b', 'insert');
  inserted.apply(stub.cells);
  expect(inserted.state).toBe('locked');
  expect(stub.shared.cells.map(cell => cell.getSource())).toEqual(['a']);
});

test('a new cell comes below its own, active and marked, and one undo takes it away', () => {
  const stub = stubNotebook('a', 'b');
  stub.shared.undoManager.clear();
  propose(stub, 'test', 'insert').apply(stub.cells);
  expect(stub.shared.cells.map(cell => cell.getSource())).toEqual(['a', 'test', 'b']);
  expect(stub.shared.cells[1].getMetadata(MARK)).toEqual({ written: 'fix', model: 'm' });
  expect(stub.content.activeCellIndex).toBe(1);
  stub.shared.undo();
  expect(stub.shared.cells.map(cell => cell.getSource())).toEqual(['a', 'b']);
});

test('code that is in the cell already is no change', () => {
  const stub = stubNotebook('a');
  expect(propose(stub, 'a\n').isNoChange).toBe(true);
  expect(propose(stub, 'a', 'insert').isNoChange).toBe(false);
});
