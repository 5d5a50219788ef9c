/** The assistant panel: tasks above, the conversation of the current notebook, the question box, the foot. */

import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { EngineStatus } from '../status/engineStatus';
import type { Models } from '../status/models';
import type { TaskName } from '../tasks/task';
import type { Assistant } from './assistant';
import { Foot } from './foot';
import { assistantIcon } from './icons';
import { taskLabels } from './labels';
import { Log } from './log';
import { QuestionBox } from './questionBox';
import { TaskBar } from './taskBar';

export interface IPanelOptions {
  assistant: Assistant;
  engine: EngineStatus;
  models: Models;
  trans: TranslationBundle;
  openMenu: (anchor: Element) => void;
  /** Start a task as its command does, with the questions that it asks first. */
  startTask: (task: TaskName) => void;
  /** Bring the notebook of the conversation to the front. */
  showNotebook: () => void;
}

export class AssistantPanel extends ReactWidget {
  constructor(options: IPanelOptions) {
    super();
    this.id = 'llama-assist-panel';
    this.addClass('jp-LlamaAssist');
    this.title.icon = assistantIcon;
    this.title.caption = options.trans.__('Assistant');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', options.trans.__('Assistant'));
    this._options = options;
    this.node.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        options.assistant.stop();
      }
    });
  }

  /** Put the cursor into the question box. */
  focusQuestion(): void {
    requestAnimationFrame(() => this._input.current?.focus());
  }

  protected render(): JSX.Element {
    return (
      <UseSignal signal={this._options.assistant.changed}>
        {() => <PanelBody {...this._options} inputRef={this._input} />}
      </UseSignal>
    );
  }

  private readonly _options: IPanelOptions;
  private readonly _input = React.createRef<HTMLTextAreaElement>();
}

interface IBodyProps extends IPanelOptions {
  inputRef: React.RefObject<HTMLTextAreaElement>;
}

function PanelBody(props: IBodyProps): JSX.Element {
  const { assistant, trans, inputRef, startTask, showNotebook } = props;
  const labels = taskLabels(trans);
  const { current, isBusy } = assistant;
  return (
    <>
      <TaskBar assistant={assistant} labels={labels} trans={trans} onTask={startTask} />
      <Log assistant={assistant} labels={labels} trans={trans} showNotebook={showNotebook} />
      <QuestionBox
        isEnabled={current !== null}
        isBusy={isBusy}
        trans={trans}
        inputRef={inputRef}
        onSend={question => void assistant.run({ task: 'ask', question })}
        onStop={() => assistant.stop()}
        onLeave={showNotebook}
      />
      <Foot {...props} />
    </>
  );
}
