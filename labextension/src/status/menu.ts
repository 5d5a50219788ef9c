/** The small menu of the status bar item and of the panel's foot. */

import { MenuSvg } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Menu } from '@lumino/widgets';

import { CommandIDs } from './commands';

export function statusMenu(commands: CommandRegistry): Menu {
  const menu = new MenuSvg({ commands });
  menu.addClass('jp-LlamaAssist-menu');
  menu.addItem({ command: CommandIDs.toggleNotebook });
  menu.addItem({ type: 'separator' });
  menu.addItem({ command: CommandIDs.chooseModel });
  menu.addItem({ command: CommandIDs.cancelDownload });
  menu.addItem({ command: CommandIDs.load });
  menu.addItem({ command: CommandIDs.unload });
  menu.addItem({ type: 'separator' });
  menu.addItem({ command: CommandIDs.showPrompt });
  menu.addItem({ command: CommandIDs.openSettings });
  return menu;
}

/** Open `menu` below `anchor`, or above it where it is low on the page (the menu turns up where it has no room). */
export function openAt(menu: Menu, anchor: Element): void {
  const { left, top, bottom } = anchor.getBoundingClientRect();
  menu.open(left, bottom > window.innerHeight / 2 ? top : bottom);
}
