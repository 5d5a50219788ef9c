/** The commands behind the status menu; each is in the command palette as well. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { type MainAreaWidget, Notification } from '@jupyterlab/apputils';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { EngineStatus } from './engineStatus';
import { chooseModel } from './modelDialog';
import type { Models } from './models';
import type { NotebookSwitch } from './notebookSwitch';
import { PromptView, promptView } from './promptView';
import type { IStatusServer } from './server';

export const CommandIDs = {
  toggleNotebook: 'llama-assist:toggle-notebook',
  chooseModel: 'llama-assist:choose-model',
  cancelDownload: 'llama-assist:cancel-download',
  load: 'llama-assist:load',
  unload: 'llama-assist:unload',
  showPrompt: 'llama-assist:show-prompt',
  openSettings: 'llama-assist:open-settings'
} as const;

export interface IStatusParts {
  app: JupyterFrontEnd;
  server: IStatusServer;
  engine: EngineStatus;
  models: Models;
  trans: TranslationBundle;
  tracker: INotebookTracker | null;
  notebooks: NotebookSwitch;
}

export function addStatusCommands(parts: IStatusParts): void {
  addNotebookSwitch(parts);
  addModelCommands(parts);
  addPromptCommand(parts);
  addSettingsCommand(parts);
}

function addNotebookSwitch({ app, trans, tracker, notebooks }: IStatusParts): void {
  const path = () => tracker?.currentWidget?.context.path;
  app.commands.addCommand(CommandIDs.toggleNotebook, {
    label: trans.__('Inline Suggestions in This Notebook'),
    isToggleable: true,
    isToggled: () => notebooks.isOn(path() ?? ''),
    isEnabled: () => path() !== undefined,
    execute: () => notebooks.toggle(path()!)
  });
}

function addModelCommands({ app, trans, engine, models }: IStatusParts): void {
  const isLoaded = () => engine.state === 'ready' || engine.state === 'busy';
  const { commands } = app;
  commands.addCommand(CommandIDs.chooseModel, {
    label: trans.__('Choose Assistant Model…'),
    execute: () => chooseModel(models, trans)
  });
  commands.addCommand(CommandIDs.cancelDownload, {
    label: () => trans.__('Cancel Download of %1', models.download?.id ?? ''),
    isVisible: () => models.download !== null,
    isEnabled: () => models.download !== null,
    execute: () => models.cancel()
  });
  commands.addCommand(CommandIDs.load, {
    label: trans.__('Load Assistant Model'),
    isVisible: () => !isLoaded(),
    isEnabled: () => !isLoaded() && engine.state !== 'loading',
    execute: () => models.load().then(() => tellFailure(models))
  });
  commands.addCommand(CommandIDs.unload, {
    label: trans.__('Unload Assistant Model'),
    caption: trans.__('Give the memory of the model back'),
    isVisible: isLoaded,
    isEnabled: isLoaded,
    execute: () => models.unload().then(() => tellFailure(models))
  });
}

/** Outside the dialog of the models, which shows it itself. */
function tellFailure(models: Models): void {
  if (models.failure) {
    Notification.error(models.failure);
  }
}

function addPromptCommand({ app, server, trans }: IStatusParts): void {
  let shown: MainAreaWidget<PromptView> | null = null;
  app.commands.addCommand(CommandIDs.showPrompt, {
    label: trans.__('Show Last Prompt'),
    caption: trans.__('Show the text that was last sent to the model'),
    execute: async () => {
      if (shown === null || shown.isDisposed) {
        shown = promptView(server, trans);
        app.shell.add(shown, 'main');
      }
      app.shell.activateById(shown.id);
      await shown.content.refresh();
    }
  });
}

function addSettingsCommand({ app, trans }: IStatusParts): void {
  const host = 'settingeditor:open';
  app.commands.addCommand(CommandIDs.openSettings, {
    label: trans.__('Assistant Settings…'),
    isVisible: () => app.commands.hasCommand(host),
    isEnabled: () => app.commands.hasCommand(host),
    execute: () => app.commands.execute(host, { query: 'Llama Assist' })
  });
}
