/** The foot of the panel: the model and its state, and how many suggestions were taken. */

import { UseSignal } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { EngineStatus } from '../status/engineStatus';
import type { Models } from '../status/models';
import { ModelButton } from '../status/statusItem';
import { usageLine } from '../status/words';

export interface IFootProps {
  engine: EngineStatus;
  models: Models;
  trans: TranslationBundle;
  openMenu: (anchor: Element) => void;
}

export function Foot(props: IFootProps): JSX.Element {
  return (
    <UseSignal signal={props.engine.changed}>
      {() => (
        <footer className="jp-LlamaAssist-foot">
          <UseSignal signal={props.models.changed}>{() => <ModelButton {...props} />}</UseSignal>
          <Failure {...props} />
          <Elsewhere {...props} />
          <span className="jp-LlamaAssist-faint">{usageLine(props.engine.status?.usage, props.trans)}</span>
        </footer>
      )}
    </UseSignal>
  );
}

/** Where text goes, if it leaves this machine. */
function Elsewhere({ engine, trans }: IFootProps): JSX.Element | null {
  const remote = engine.status?.remote;
  if (!remote) {
    return null;
  }
  const sent = trans.__('Text is sent to %1.', remote.origin);
  const kept = remote.redacted ? trans.__('%1 secrets were left out of it.', remote.redacted) : '';
  return <span className="jp-LlamaAssist-faint">{`${sent} ${kept}`.trim()}</span>;
}

function Failure({ engine }: IFootProps): JSX.Element | null {
  return engine.state === 'failed' ? <span className="jp-LlamaAssist-failed">{engine.detail}</span> : null;
}
