/** The state of the model, its commands, and its item in the status bar where the host has one. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IAssist } from '../tokens';
import { addStatusCommands, CommandIDs } from './commands';
import { EngineStatus, whenModelChanges } from './engineStatus';
import { openAt, statusMenu } from './menu';
import { Models } from './models';
import { NotebookSwitch } from './notebookSwitch';
import { StatusItem } from './statusItem';
import { StatusServer } from './statusServer';
import { IModelState } from './tokens';

export const statusPlugin: JupyterFrontEndPlugin<IModelState> = {
  id: 'llama-assist:status',
  description: 'The state of the assistant model, in the status bar.',
  autoStart: true,
  provides: IModelState,
  requires: [IAssist],
  optional: [IStatusBar, INotebookTracker, ICommandPalette, ITranslator],
  activate: activateStatus
};

function activateStatus(
  app: JupyterFrontEnd,
  assist: IAssist,
  statusBar: IStatusBar | null,
  tracker: INotebookTracker | null,
  palette: ICommandPalette | null,
  translator: ITranslator | null
): IModelState {
  const trans = (translator ?? nullTranslator).load('llama_assist');
  const server = new StatusServer(assist.api);
  const engine = new EngineStatus(server);
  const models = new Models(server, engine);
  assist.api.answering.connect((_, isAnswering) => engine.setAnswering(isAnswering));
  whenModelChanges(engine, () => assist.forget());
  const notebooks = new NotebookSwitch(assist.settings);
  if (tracker) {
    notebooks.followRenames(tracker);
  }
  addStatusCommands({ app, server, engine, models, trans, tracker, notebooks });
  const category = trans.__('Assistant');
  Object.values(CommandIDs).forEach(command => palette?.addItem({ command, category }));
  const menu = statusMenu(app.commands);
  const openMenu = (anchor: Element) => openAt(menu, anchor);
  statusBar?.registerStatusItem('llama-assist:status', {
    item: new StatusItem(engine, models, trans, openMenu),
    align: 'right',
    rank: 10
  });
  return { engine, models, openMenu };
}
