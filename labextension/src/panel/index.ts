/** The plugins of the assistant: the tasks with their panel, and the item in the status bar. */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { statusPlugin } from '../status/plugin';
import { panelPlugin } from './plugin';

export const panelPlugins: JupyterFrontEndPlugin<unknown>[] = [statusPlugin, panelPlugin];
