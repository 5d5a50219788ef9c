/** Says once, with the first suggestion, by which keys it is taken. */

import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import { CommandIds } from './commands';
import type { Settings } from './settings';

const SECONDS = 20;
/** The host's own. */
const ACCEPT = 'inline-completer:accept';

export class AcceptHint {
  constructor(settings: Settings, commands: CommandRegistry, trans: TranslationBundle) {
    this._settings = settings;
    this._commands = commands;
    this._trans = trans;
  }

  /** Show it, unless it was shown before. */
  show(): void {
    if (!this._isShown && this._settings.registered !== null && this._settings.get('showAcceptHint')) {
      this._isShown = true;
      void this._settings.set('showAcceptHint', false);
      Notification.info(this._text(), { autoClose: SECONDS * 1000 });
    }
  }

  private _text(): string {
    const commands = [ACCEPT, CommandIds.acceptWord, CommandIds.acceptLine, CommandIds.dismiss];
    return this._trans.__(
      '%1 takes a suggestion, %2 its next word, %3 its next line; %4 puts it away.',
      ...commands.map(command => this._keys(command))
    ); // the host cuts what is longer than 140 characters
  }

  /** The shortcut as the user has set it. */
  private _keys(command: string): string {
    const binding = this._commands.keyBindings.find(each => each.command === command);
    return binding ? CommandRegistry.formatKeystroke(binding.keys) : this._trans.__('(no shortcut)');
  }

  private readonly _commands: CommandRegistry;
  private _isShown = false;
  private readonly _settings: Settings;
  private readonly _trans: TranslationBundle;
}
