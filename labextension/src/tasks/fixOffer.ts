/** Below the output of a cell that ended with an error, a button that asks for a fix. */

import { Cell, CodeCell } from '@jupyterlab/cells';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

import { showsError } from './cellError';

export interface IFixOffer {
  label: string;
  caption: string;
  isWanted: () => boolean;
  onFix: (cellId: string) => void;
}

const CLASS = 'jp-LlamaAssist-offer';

export function offerFixes(tracker: INotebookTracker, offer: IFixOffer): void {
  tracker.forEach(panel => watchNotebook(panel, offer));
  tracker.widgetAdded.connect((_, panel) => watchNotebook(panel, offer));
}

function watchNotebook(panel: NotebookPanel, offer: IFixOffer): void {
  const watched = new WeakSet<Cell>();
  const watchNew = () =>
    panel.content.widgets.forEach(cell => {
      if (cell instanceof CodeCell && !watched.has(cell)) {
        watched.add(cell);
        watchCell(cell, offer);
      }
    });
  void panel.context.ready.then(() => {
    panel.content.model?.cells.changed.connect(watchNew);
    watchNew();
  });
}

function watchCell(cell: CodeCell, offer: IFixOffer): void {
  const update = () => show(cell, offer);
  cell.model.outputs.changed.connect(update);
  cell.disposed.connect(() => cell.model?.outputs.changed.disconnect(update));
  void cell.ready.then(update);
}

function show(cell: CodeCell, offer: IFixOffer): void {
  const foot = cell.isDisposed ? null : cell.node.querySelector(':scope > .jp-CellFooter');
  const shown = foot?.querySelector(`:scope > .${CLASS}`);
  const isNeeded = offer.isWanted() && showsError(cell.model.outputs);
  if (isNeeded && foot && !shown) {
    foot.append(button(cell, offer));
  } else if (!isNeeded) {
    shown?.remove();
  }
}

function button(cell: CodeCell, { label, caption, onFix }: IFixOffer): HTMLElement {
  const offer = document.createElement('div');
  offer.className = CLASS;
  const inner = offer.appendChild(document.createElement('button'));
  inner.type = 'button';
  inner.className = 'jp-LlamaAssist-button';
  inner.textContent = label;
  inner.title = caption;
  inner.addEventListener('click', () => onFix(cell.model.id));
  return offer;
}
