import { beforeEach, expect, test } from 'vitest';

import type { ITaskOptions } from '../../tasks/task';
import { IStub, stubNotebook } from '../../tasks/__tests__/stubNotebook';
import { Conversation } from '../conversation';
import type { Turn } from '../turn';
import { FakeServer, settled } from './fakeApi';

let fake: FakeServer;
let stub: IStub;
let conversation: Conversation;

beforeEach(() => {
  fake = new FakeServer();
  stub = stubNotebook('import math', 'pirnt(math.pi)');
  conversation = new Conversation(fake.server);
});

function start(options: ITaskOptions, cell = 1): Promise<Turn> {
  return conversation.start(options, stub.cells.ids[cell], stub.cells, index => ({ cell: index }));
}

test('an answer grows piece by piece and ends', async () => {
  const ended = start({ task: 'ask', question: 'What?' });
  await fake.say('It ');
  const [turn] = conversation.turns;
  expect([turn.state, turn.text, conversation.isBusy]).toEqual(['answering', 'It ', true]);
  await fake.say('prints.', { html: '<p>It prints.</p>', cells: [1, 0], prompt_tokens: 9 }, 'stop');
  await fake.done();
  await ended;
  expect([turn.state, turn.text, turn.html, turn.model]).toEqual(['done', 'It prints.', '<p>It prints.</p>', 'm']);
  expect(turn.citedIds).toEqual([stub.cells.ids[1], stub.cells.ids[0]]);
  expect(conversation.isBusy).toBe(false);
});

test('the request has the task, the live document and asks for rendered pieces', async () => {
  void start({ task: 'explain' });
  await fake.say('a');
  expect(fake.bodies[0]).toMatchObject({ task: 'explain', document: { cell: 1 }, render: true, stream: true });
});

test('stop closes the connection at once and keeps what has come', async () => {
  const ended = start({ task: 'explain' });
  await fake.say('Half of');
  const busy: boolean[] = [];
  conversation.changed.connect(() => busy.push(conversation.isBusy));
  conversation.stop();
  expect(busy).toEqual([false]);
  expect(conversation.turns[0].state).toBe('stopped');
  expect(conversation.isBusy).toBe(false);
  await ended;
  await settled();
  expect(fake.closed).toBe(1);
  expect([conversation.turns[0].state, conversation.turns[0].text]).toEqual(['stopped', 'Half of']);
});

test('stop before the first piece ends the turn too', async () => {
  const ended = start({ task: 'explain' });
  conversation.stop();
  await ended;
  expect([conversation.turns[0].state, conversation.turns[0].failure]).toEqual(['stopped', '']);
});

test('a new question stops the running answer, and both are kept', async () => {
  const first = start({ task: 'explain' });
  await fake.say('Old');
  const second = start({ task: 'summarize' });
  await first;
  await fake.say('New');
  await fake.done();
  await second;
  expect(conversation.turns.map(turn => [turn.state, turn.text])).toEqual([
    ['stopped', 'Old'],
    ['done', 'New']
  ]);
  expect(fake.closed).toBe(1);
});

test('an error in the middle is shown in the words of the server', async () => {
  const ended = start({ task: 'explain' });
  await fake.say('Half');
  await fake.send({ error: { message: 'The engine ended.', code: 'engine_crashed' } });
  await ended;
  expect(conversation.turns[0]).toMatchObject({ state: 'failed', failure: 'The engine ended.', text: 'Half' });
});

test('an answer that breaks off is no answer', async () => {
  const ended = start({ task: 'explain' });
  await fake.say('Half');
  await fake.breakOff();
  await ended;
  expect(conversation.turns[0].state).toBe('failed');
});

test('a question carries the questions and whole answers before it, tasks do not', async () => {
  for (const [question, answer] of [['one?', '1'], ['two?', '2']]) {
    const ended = start({ task: 'ask', question });
    await fake.say(answer);
    await fake.done();
    await ended;
  }
  expect(fake.bodies[0].messages).toEqual([]);
  expect(fake.bodies[1].messages).toEqual([
    { role: 'user', content: 'one?' },
    { role: 'assistant', content: '1' }
  ]);
  void start({ task: 'explain' });
  await fake.say('x');
  expect(fake.bodies[2].messages).toBeUndefined();
});

test('proposed code becomes a proposal for the cell as it was when asked', async () => {
  const ended = start({ task: 'fix' });
  await fake.say('Here', { code: { text: 'print(math.pi)', language: 'python', parses: true, action: 'replace', cell: 1 } });
  await fake.done();
  const { proposal } = await ended;
  expect(proposal?.cellId).toBe(stub.cells.ids[1]);
  expect(proposal?.diff.map(line => line.kind)).toEqual(['removed', 'added']);
});

test('a fix that was turned down is named when a fix is asked for again', async () => {
  const ended = start({ task: 'fix' });
  await fake.say('', { code: { text: 'bad()', language: 'python', parses: true, action: 'replace', cell: 1 } });
  await fake.done();
  (await ended).proposal!.discard();
  void start({ task: 'fix' });
  await fake.say('');
  expect(fake.bodies[1].avoid).toEqual(['bad()']);
});

test('citations and code of cells that never were are left out', async () => {
  const ended = start({ task: 'explain' });
  await fake.say('', {
    cells: [0, 7],
    code: { text: 'x', language: 'python', parses: true, action: 'replace', cell: 9 }
  });
  await fake.done();
  const turn = await ended;
  expect(turn.citedIds).toEqual([stub.cells.ids[0]]);
  expect(turn.proposal).toBeNull();
});

test('closing the notebook stops its answer', async () => {
  const ended = start({ task: 'explain' });
  await fake.say('Half');
  conversation.dispose();
  await ended;
  await settled();
  expect(fake.closed).toBe(1);
});

test('a document that cannot be read is a failure of the turn', async () => {
  const turn = await conversation.start({ task: 'ask' }, null, stub.cells, () => {
    throw new Error('no notebook');
  });
  expect(turn).toMatchObject({ state: 'failed', failure: 'no notebook' });
});
