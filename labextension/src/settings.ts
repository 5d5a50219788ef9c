/** The settings of `schema/plugin.json`, typed, and with their defaults until the host has read them. */

import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { Signal, type ISignal } from '@lumino/signaling';

export type VariablesConsent = 'ask' | 'on' | 'off';

export interface ISettings {
  /** Without it, suggestions are made only by hand. */
  suggestWhileTyping: boolean;
  suggestAfterEnter: boolean;
  idleDelay: number;
  suggestInProse: boolean;
  candidates: number;
  kernelVariables: VariablesConsent;
  /** Paths of notebooks without suggestions. */
  disabledNotebooks: string[];
  /** Say with the next suggestion by which keys it is taken. */
  showAcceptHint: boolean;
}

export const DEFAULTS: ISettings = {
  suggestWhileTyping: true,
  suggestAfterEnter: true,
  idleDelay: 250,
  suggestInProse: false,
  candidates: 3,
  kernelVariables: 'ask',
  disabledNotebooks: [],
  showAcceptHint: true
};

export class Settings {
  /** Emits when a setting changed, and when the settings were read. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The registry's own object, once it is there. */
  get registered(): ISettingRegistry.ISettings | null {
    return this._registered;
  }

  get<K extends keyof ISettings>(key: K): ISettings[K] {
    const composite = this._registered?.get(key).composite as ISettings[K] | undefined;
    return composite ?? DEFAULTS[key];
  }

  async set<K extends keyof ISettings>(key: K, value: ISettings[K]): Promise<void> {
    await this._registered?.set(key, value);
  }

  use(registered: ISettingRegistry.ISettings): void {
    this._registered = registered;
    registered.changed.connect(() => this._changed.emit());
    this._changed.emit();
  }

  private _registered: ISettingRegistry.ISettings | null = null;
  private readonly _changed = new Signal<this, void>(this);
}
