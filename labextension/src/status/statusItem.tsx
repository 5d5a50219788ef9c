/** The item in the status bar: the model, what it is doing, and the menu behind a click. */

import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { ProgressBar } from '@jupyterlab/statusbar';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { EngineStatus } from './engineStatus';
import type { Models } from './models';
import { percent, stateLines, stateWord } from './words';

export class StatusItem extends ReactWidget {
  constructor(engine: EngineStatus, models: Models, trans: TranslationBundle, openMenu: (anchor: Element) => void) {
    super();
    this.addClass('jp-LlamaAssist-status');
    this._props = { engine, models, trans, openMenu };
  }

  protected render(): JSX.Element {
    return (
      <UseSignal signal={this._props.engine.changed}>
        {() => (
          <UseSignal signal={this._props.models.changed}>{() => <ModelButton {...this._props} isShort />}</UseSignal>
        )}
      </UseSignal>
    );
  }

  private readonly _props: IModelButtonProps;
}

export interface IModelButtonProps {
  engine: EngineStatus;
  models: Models;
  trans: TranslationBundle;
  openMenu: (anchor: Element) => void;
  isShort?: boolean;
}

/** The model's name behind a dot in the colour of its state; the status bar and the panel's foot show it. */
export function ModelButton(props: IModelButtonProps): JSX.Element {
  const { engine, trans, openMenu } = props;
  const lines = stateLines(engine, trans);
  return (
    <button
      type="button"
      className={`jp-LlamaAssist-model jp-mod-${engine.state}`}
      title={lines.join('\n')}
      aria-label={trans.__('Assistant. %1', lines.join('. '))}
      aria-haspopup="menu"
      onClick={event => openMenu(event.currentTarget)}
    >
      <span className="jp-LlamaAssist-dot" aria-hidden="true" />
      <span className="jp-LlamaAssist-modelName">{engine.model || trans.__('Assistant')}</span>
      <Doing {...props} />
    </button>
  );
}

function Doing({ engine, models, trans }: IModelButtonProps): JSX.Element | null {
  if (models.download) {
    const share = percent(models);
    return share === null ? (
      <span>{trans.__('downloading')}</span>
    ) : (
      <ProgressBar percentage={share} width={60} content={trans.__('%1 %', share)} />
    );
  }
  const { state } = engine;
  return state === 'ready' ? null : (
    <span className={`jp-LlamaAssist-state jp-mod-${state}`}>{stateWord(engine, trans)}</span>
  );
}
