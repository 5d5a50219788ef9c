/** What the parts of the extension share. */

import { Token } from '@lumino/coreutils';
import type { Widget } from '@lumino/widgets';

import type { AssistApi } from './api';
import type { IDocumentOptions } from './document';
import type { Settings } from './settings';
import type { IWireDocument } from './wire';

/** The plugin that holds the settings. */
export const PLUGIN_ID = 'llama-assist:plugin';

export interface IAssist {
  readonly api: AssistApi;
  readonly settings: Settings;
  /** Return what stands in `widget` now, with the schemas of its kernel's variables where the user consented. */
  document(widget: Widget, options?: IDocumentOptions): IWireDocument | null;
  /** Forget the suggestions made so far: another model would make others. */
  forget(): void;
}

export const IAssist = new Token<IAssist>('llama-assist:IAssist', 'The connection of a page to the assistant.');
