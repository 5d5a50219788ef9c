/** The tasks as commands, for the palette, the cell's menus and the panel's buttons alike. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { InputDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Assistant } from '../panel/assistant';
import { taskLabels } from '../panel/labels';
import { BUTTON_TASKS, ITaskOptions, TaskName } from './task';

export const CommandIDs = {
  ask: 'llama-assist:ask',
  stop: 'llama-assist:stop',
  cellMenu: 'llama-assist:cell-menu'
} as const;

export function taskCommand(task: TaskName): string {
  return `llama-assist:${task}`;
}

export interface ITaskParts {
  app: JupyterFrontEnd;
  assistant: Assistant;
  trans: TranslationBundle;
  /** Bring the panel to the front; with the cursor in its question box or not. */
  showPanel: (withFocus: boolean) => void;
}

/** Each task takes the id of a cell as `cell`; the active one otherwise. */
export function addTaskCommands(parts: ITaskParts): void {
  const { app, assistant, trans } = parts;
  const labels = taskLabels(trans);
  for (const task of BUTTON_TASKS) {
    app.commands.addCommand(taskCommand(task), {
      label: labels[task].label,
      caption: labels[task].caption,
      isEnabled: args => args.cell !== undefined || assistant.canRun(task),
      execute: args => startTask(parts, task, args.cell as string | undefined)
    });
  }
  app.commands.addCommand(CommandIDs.ask, {
    label: labels.ask.label,
    caption: labels.ask.caption,
    execute: () => parts.showPanel(true)
  });
  app.commands.addCommand(CommandIDs.stop, {
    label: trans.__('Stop the Assistant'),
    isEnabled: () => assistant.isBusy,
    execute: () => assistant.stop()
  });
  const names = [...BUTTON_TASKS.map(taskCommand), CommandIDs.stop];
  assistant.changed.connect(() => names.forEach(id => app.commands.notifyCommandChanged(id)));
}

async function startTask(parts: ITaskParts, task: TaskName, cell?: string): Promise<void> {
  const options = task === 'translate' ? await withLanguage(parts) : { task };
  if (options) {
    parts.showPanel(false);
    await parts.assistant.run(options, cell);
  }
}

/** Ask for the language; null where the user thinks better of it. */
async function withLanguage({ assistant, trans }: ITaskParts): Promise<ITaskOptions | null> {
  const { button, value } = await InputDialog.getText({
    title: trans.__('Translate Comments'),
    label: trans.__('Into which language?'),
    text: assistant.language,
    okLabel: trans.__('Translate')
  });
  const language = value?.trim() ?? '';
  if (!button.accept || language === '') {
    return null;
  }
  assistant.language = language;
  return { task: 'translate', language };
}
