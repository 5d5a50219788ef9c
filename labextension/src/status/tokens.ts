/** What the panel needs of the model's state. */

import { Token } from '@lumino/coreutils';

import type { EngineStatus } from './engineStatus';
import type { Models } from './models';

export interface IModelState {
  readonly engine: EngineStatus;
  readonly models: Models;
  /** Open the menu of the model at an element. */
  openMenu(anchor: Element): void;
}

export const IModelState = new Token<IModelState>('llama-assist:IModelState', 'The state of the assistant model.');
