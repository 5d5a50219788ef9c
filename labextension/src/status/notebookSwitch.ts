/** The notebooks in which inline suggestions are switched off, kept by path in the user's settings. */

import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

import type { Settings } from '../settings';

export class NotebookSwitch {
  /** The setting is the user's; a notebook itself is never changed by it. */
  constructor(settings: Settings) {
    this._settings = settings;
  }

  isOn(path: string): boolean {
    return !this._off.includes(path);
  }

  async toggle(path: string): Promise<void> {
    const others = this._off.filter(each => each !== path);
    await this._settings.set('disabledNotebooks', this.isOn(path) ? [...others, path] : others);
  }

  /** Keep the setting with a notebook that is renamed while it is open. */
  followRenames(tracker: INotebookTracker): void {
    const watch = ({ context }: NotebookPanel) => {
      let last = context.path;
      context.pathChanged.connect((_, path) => {
        void this._rename(last, path);
        last = path;
      });
    };
    tracker.forEach(watch);
    tracker.widgetAdded.connect((_, panel) => watch(panel));
  }

  private async _rename(from: string, to: string): Promise<void> {
    if (!this.isOn(from)) {
      const others = this._off.filter(each => each !== from && each !== to);
      await this._settings.set('disabledNotebooks', [...others, to]);
    }
  }

  private get _off(): readonly string[] {
    return this._settings.get('disabledNotebooks');
  }

  private readonly _settings: Settings;
}
