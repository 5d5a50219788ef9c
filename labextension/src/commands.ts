/** The commands on the suggestion that is shown: take the next word or line, or put it away. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import { acceptPart, type Part } from './acceptance';
import type { Feedback } from './feedback';
import type { GhostWatch } from './ghost';

export const CommandIds = {
  acceptWord: 'llama-assist:accept-word',
  acceptLine: 'llama-assist:accept-line',
  dismiss: 'llama-assist:dismiss'
};

/** The suggestion of the panel with the cursor, and where it is counted. */
export type Active = () => { watch: GhostWatch; feedback: Feedback } | null;

export function addCommands(commands: CommandRegistry, active: Active, trans: TranslationBundle): void {
  const accept = (part: Part) => () => {
    const shown = active();
    const text = shown === null ? '' : acceptPart(shown.watch, part);
    if (text !== '') {
      shown!.feedback.accept('accepted_part', text);
    }
  };
  const dismiss = () => {
    const shown = active();
    shown?.watch.clear();
    shown?.feedback.end();
  };
  const isEnabled = () => active() !== null;
  const describedBy = { args: { type: 'object' as const, properties: {} } };
  commands.addCommand(CommandIds.acceptWord, {
    label: trans.__('Accept Next Word of Suggestion'),
    isEnabled,
    describedBy,
    execute: accept('word')
  });
  commands.addCommand(CommandIds.acceptLine, {
    label: trans.__('Accept Next Line of Suggestion'),
    isEnabled,
    describedBy,
    execute: accept('line')
  });
  commands.addCommand(CommandIds.dismiss, {
    label: trans.__('Dismiss Suggestion'),
    isEnabled,
    describedBy,
    execute: dismiss
  });
}
