/** The models to choose from: use one, or download it first. */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Models } from './models';
import type { IModel } from './server';
import { bytes, percent } from './words';

export async function chooseModel(models: Models, trans: TranslationBundle): Promise<void> {
  void models.refresh();
  await showDialog({
    title: trans.__('Choose a Model'),
    body: new ModelList(models, trans),
    buttons: [Dialog.cancelButton({ label: trans.__('Close') })]
  });
}

class ModelList extends ReactWidget {
  constructor(models: Models, trans: TranslationBundle) {
    super();
    this.addClass('jp-LlamaAssist-models');
    this._models = models;
    this._trans = trans;
  }

  protected render(): JSX.Element {
    const models = this._models;
    const trans = this._trans;
    return (
      <UseSignal signal={models.changed}>
        {() => (
          <>
            {models.failure && <div role="alert">{models.failure}</div>}
            <ul>
              {models.list.map(model => (
                <ModelRow key={model.id} model={model} models={models} trans={trans} />
              ))}
            </ul>
          </>
        )}
      </UseSignal>
    );
  }

  private readonly _models: Models;
  private readonly _trans: TranslationBundle;
}

interface IRowProps {
  model: IModel;
  models: Models;
  trans: TranslationBundle;
}

function ModelRow(props: IRowProps): JSX.Element {
  const { model } = props;
  return (
    <li className={model.current ? 'jp-mod-current' : ''} aria-current={model.current}>
      <div className="jp-LlamaAssist-modelText">
        <strong title={model.id}>{model.title || model.id}</strong>
        <span className="jp-LlamaAssist-faint">
          {facts(props)} · <License {...props} />
        </span>
        {model.notes && <span className="jp-LlamaAssist-faint">{model.notes}</span>}
      </div>
      <Action {...props} />
    </li>
  );
}

function facts({ model, trans }: IRowProps): string {
  const use = model.fim ? trans.__('completes and answers') : trans.__('answers');
  return [model.size_bytes ? bytes(model.size_bytes) : '', use].filter(Boolean).join(' · ');
}

function License({ model }: IRowProps): JSX.Element {
  return model.license_url?.startsWith('https://') ? (
    <a href={model.license_url} target="_blank" rel="noopener noreferrer">
      {model.license}
    </a>
  ) : (
    <span>{model.license}</span>
  );
}

function Action({ model, models, trans }: IRowProps): JSX.Element {
  if (models.download?.id === model.id) {
    return <Downloading models={models} trans={trans} />;
  }
  if (models.loading === model.id) {
    return <span className="jp-LlamaAssist-faint">{trans.__('loading…')}</span>;
  }
  if (!model.present) {
    const label = model.state === 'partial' ? trans.__('Resume') : trans.__('Download');
    return <Button label={label} of={model} onClick={() => void models.start(model.id)} />;
  }
  return model.current ? (
    <span className="jp-LlamaAssist-faint">{trans.__('in use')}</span>
  ) : (
    <Button label={trans.__('Use')} of={model} onClick={() => void models.load(model.id)} />
  );
}

function Downloading({ models, trans }: Omit<IRowProps, 'model'>): JSX.Element {
  const share = percent(models);
  return (
    <span className="jp-LlamaAssist-downloading">
      <progress max={100} value={share ?? undefined} aria-label={trans.__('Download')} />
      <button type="button" className="jp-LlamaAssist-button" onClick={() => models.cancel()}>
        {trans.__('Cancel')}
      </button>
    </span>
  );
}

function Button({ label, of, onClick }: { label: string; of: IModel; onClick: () => void }): JSX.Element {
  return (
    <button type="button" className="jp-LlamaAssist-button" aria-label={`${label} ${of.id}`} onClick={onClick}>
      {label}
    </button>
  );
}
