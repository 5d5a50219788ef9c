/** Asks once whether the schemas of a kernel's variables may be read; the answer is a setting. */

import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Settings } from './settings';

export class ConsentQuestion {
  constructor(settings: Settings, trans: TranslationBundle) {
    this._settings = settings;
    this._trans = trans;
  }

  /** Return what the user decided; until he has, no. */
  async ask(): Promise<boolean> {
    const decided = this._settings.get('kernelVariables');
    if (decided === 'ask' && this._settings.registered !== null && !this._isShown) {
      this._isShown = true;
      this._show();
    }
    return decided === 'on';
  }

  private _show(): void {
    const trans = this._trans;
    const text = trans.__(
      'Let the assistant read names, types, shapes and columns of your variables? ' +
        'Never their values, and nothing leaves your server.'
    ); // the host cuts what is longer than 140 characters
    const decide = (value: 'on' | 'off') => () => this._decide(value);
    const id = Notification.info(text, {
      autoClose: false,
      actions: [
        { label: trans.__('Allow'), displayType: 'accent', callback: decide('on') },
        { label: trans.__('Do not allow'), callback: decide('off') }
      ]
    });
    Notification.manager.changed.connect((_, { type, notification }) => {
      if (type === 'removed' && notification.id === id) {
        setTimeout(decide('off'), 0); // closed without a choice, unless one was made by the click that closed it
      }
    });
  }

  private _decide(value: 'on' | 'off'): void {
    if (!this._isDecided) {
      this._isDecided = true;
      void this._settings.set('kernelVariables', value);
    }
  }

  private _isDecided = false;
  private _isShown = false;
  private readonly _settings: Settings;
  private readonly _trans: TranslationBundle;
}
