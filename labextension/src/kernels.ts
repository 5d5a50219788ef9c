/** The variables of the kernels behind open notebooks and consoles. */

import type { ISessionContext, IWidgetTracker } from '@jupyterlab/apputils';
import type { Widget } from '@lumino/widgets';

import { VariableReader, type Consent } from './variables';
import type { IVariable } from './wire';

type SessionWidget = Widget & { sessionContext: ISessionContext };

export class KernelVariables {
  /** Follow the widgets of `trackers`; an application may lack one of them. */
  constructor(trackers: (IWidgetTracker<SessionWidget> | null)[], consent: Consent) {
    this._consent = consent;
    for (const tracker of trackers) {
      tracker?.forEach(widget => this._add(widget));
      tracker?.widgetAdded.connect((_, widget) => this._add(widget));
    }
  }

  of(widget: Widget): IVariable[] {
    return this._readers.get(widget)?.variables ?? [];
  }

  /** Forget everything that was read. */
  clear(): void {
    this._readers.forEach(reader => reader.clear());
  }

  private _add(widget: SessionWidget): void {
    this._readers.set(widget, new VariableReader(widget.sessionContext, this._consent));
    widget.disposed.connect(() => this._readers.delete(widget));
  }

  private readonly _consent: Consent;
  private readonly _readers = new Map<Widget, VariableReader>();
}
