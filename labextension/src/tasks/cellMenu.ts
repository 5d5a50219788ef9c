/** The tasks behind one small button of the cell toolbar. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { INotebookTracker } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { MenuSvg } from '@jupyterlab/ui-components';

import { assistantIcon } from '../panel/icons';
import { openAt } from '../status/menu';
import { CommandIDs, taskCommand } from './commands';
import { BUTTON_TASKS } from './task';

const BUTTON = '[data-jp-item-name="llama-assist"]';

export function addCellMenu(app: JupyterFrontEnd, tracker: INotebookTracker, trans: TranslationBundle): void {
  const menu = new MenuSvg({ commands: app.commands });
  menu.addClass('jp-LlamaAssist-menu');
  BUTTON_TASKS.forEach(task => menu.addItem({ command: taskCommand(task) }));
  menu.addItem({ type: 'separator' });
  menu.addItem({ command: CommandIDs.ask });
  app.commands.addCommand(CommandIDs.cellMenu, {
    icon: assistantIcon,
    label: '',
    caption: trans.__('Ask the assistant about this cell'),
    execute: () => {
      const cell = tracker.activeCell?.node;
      openAt(menu, cell?.querySelector(BUTTON) ?? cell ?? document.body);
    }
  });
}
