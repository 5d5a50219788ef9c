/** The plugins of the extension; each part registers itself. */

import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { inline } from './inline';
import { panelPlugins } from './panel';

const plugins: JupyterFrontEndPlugin<unknown>[] = [inline, ...panelPlugins];

export default plugins;
