/** The icons that are our own; they follow the theme. */

import { LabIcon } from '@jupyterlab/ui-components';

export const assistantIcon = new LabIcon({
  name: 'llama-assist:assistant',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M5 3h14a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2h-6.6L8 21.6V18H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zm0 2v11h5v1.4l1.6-1.4H19V5H5zm4.6 2.4 1.3 1.3-1.8 1.8 1.8 1.8-1.3 1.3L6.5 10.5l3.1-3.1zm4.8 0 3.1 3.1-3.1 3.1-1.3-1.3 1.8-1.8-1.8-1.8 1.3-1.3z"/>
</svg>`
});

export const sendIcon = new LabIcon({
  name: 'llama-assist:send',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M12 4.2 19 11.2 17.6 12.6 13 8V20H11V8L6.4 12.6 5 11.2z"/>
</svg>`
});
