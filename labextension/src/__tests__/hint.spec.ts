import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { expect, test } from 'vitest';

import { CommandIds } from '../commands';
import { AcceptHint } from '../hint';
import { Settings } from '../settings';

function registered(values: Record<string, unknown>): Settings {
  const settings = new Settings();
  settings.use({
    get: (key: string) => ({ composite: values[key] }),
    set: async (key: string, value: unknown) => void (values[key] = value),
    changed: { connect: () => true }
  } as never);
  return settings;
}

test('the keys are told with the first suggestion, as the user has set them, and never again', () => {
  const commands = new CommandRegistry();
  commands.addKeyBinding({ command: CommandIds.acceptWord, keys: ['Alt .'], selector: 'body' });
  const values = { showAcceptHint: true };
  const before = Notification.manager.count;
  const hint = new AcceptHint(registered(values), commands, nullTranslator.load(''));
  hint.show();
  hint.show();
  new AcceptHint(registered(values), commands, nullTranslator.load('')).show();
  expect(Notification.manager.count).toBe(before + 1);
  const { message } = Notification.manager.notifications[0];
  expect(message).toContain('Alt+. its next word');
  expect(message.length).toBeLessThanOrEqual(140);
});

test('before the settings are known nothing is told, since it may have been told before', () => {
  const before = Notification.manager.count;
  new AcceptHint(new Settings(), new CommandRegistry(), nullTranslator.load('')).show();
  expect(Notification.manager.count).toBe(before);
});
