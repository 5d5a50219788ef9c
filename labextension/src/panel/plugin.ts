/** The assistant panel and the tasks, joined to the host. */

import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';

import { IModelState } from '../status/tokens';
import { addCellMenu } from '../tasks/cellMenu';
import { addTaskCommands, CommandIDs, taskCommand } from '../tasks/commands';
import { offerFixes } from '../tasks/fixOffer';
import { BUTTON_TASKS } from '../tasks/task';
import { TaskServer } from '../tasks/taskServer';
import { IAssist } from '../tokens';
import { Assistant } from './assistant';
import { AssistantPanel } from './panel';

export const panelPlugin: JupyterFrontEndPlugin<void> = {
  id: 'llama-assist:panel',
  description: 'The assistant panel: explains, fixes and answers.',
  autoStart: true,
  requires: [IAssist, IModelState, INotebookTracker],
  optional: [ICommandPalette, ILayoutRestorer, ITranslator],
  activate: activatePanel
};

function activatePanel(
  app: JupyterFrontEnd,
  assist: IAssist,
  model: IModelState,
  tracker: INotebookTracker,
  palette: ICommandPalette | null,
  restorer: ILayoutRestorer | null,
  translator: ITranslator | null
): void {
  const trans = (translator ?? nullTranslator).load('llama_assist');
  const assistant = new Assistant(tracker, new TaskServer(assist.api), (panel, cell) => ({
    ...assist.document(panel, { withOutputs: true }),
    cell
  }));
  const panel = addPanel(app, assistant, model, trans);
  restorer?.add(panel, panel.id);
  const showPanel = (withFocus: boolean) => {
    app.shell.activateById(panel.id);
    if (withFocus) {
      panel.focusQuestion();
    }
  };
  addTaskCommands({ app, assistant, trans, showPanel });
  addCellMenu(app, tracker, trans);
  addToPalette(palette, trans);
  offerFixes(tracker, {
    label: trans.__('Fix with the assistant'),
    caption: trans.__('Propose a change of this cell that mends its error'),
    isWanted: () => assist.settings.registered?.get('offerFixes').composite !== false,
    onFix: cell => void app.commands.execute(taskCommand('fix'), { cell })
  });
}

function addPanel(
  app: JupyterFrontEnd,
  assistant: Assistant,
  model: IModelState,
  trans: TranslationBundle
): AssistantPanel {
  const panel = new AssistantPanel({
    assistant,
    ...model,
    trans,
    startTask: task => void app.commands.execute(taskCommand(task)),
    showNotebook: () => showNotebook(app, assistant)
  });
  app.shell.add(panel, 'right', { rank: 900 });
  return panel;
}

function showNotebook(app: JupyterFrontEnd, assistant: Assistant): void {
  const notebook = assistant.current?.panel;
  if (notebook) {
    app.shell.activateById(notebook.id);
    notebook.content.activate();
  }
}

function addToPalette(palette: ICommandPalette | null, trans: TranslationBundle): void {
  const commands = [CommandIDs.ask, ...BUTTON_TASKS.map(taskCommand), CommandIDs.stop];
  const category = trans.__('Assistant');
  commands.forEach(command => palette?.addItem({ command, category }));
}
