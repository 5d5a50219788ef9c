/** One button for each task, and the cell that they are about. */

import { clearIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { BUTTON_TASKS, TaskName } from '../tasks/task';
import type { Assistant } from './assistant';
import { cellLabel, TaskLabels } from './labels';

export interface ITaskBarProps {
  assistant: Assistant;
  labels: TaskLabels;
  trans: TranslationBundle;
  onTask: (task: TaskName) => void;
}

export function TaskBar(props: ITaskBarProps): JSX.Element {
  const { assistant, trans } = props;
  return (
    <header className="jp-LlamaAssist-head">
      <div className="jp-LlamaAssist-about">
        <span className="jp-LlamaAssist-notebook">{about(props)}</span>
        <ClearButton assistant={assistant} trans={trans} />
      </div>
      <div className="jp-LlamaAssist-tasks" role="group" aria-label={trans.__('Tasks for the active cell')}>
        {BUTTON_TASKS.map(task => (
          <TaskButton key={task} task={task} {...props} />
        ))}
      </div>
    </header>
  );
}

function about({ assistant, trans }: ITaskBarProps): string {
  const { current } = assistant;
  if (!current) {
    return trans.__('No notebook is open');
  }
  const name = current.panel.title.label;
  const id = current.cells.activeId;
  return id === null ? name : `${name} · ${cellLabel(trans, current.cells.ids.indexOf(id))}`;
}

function TaskButton({ task, assistant, labels, onTask }: ITaskBarProps & { task: TaskName }): JSX.Element {
  const isOffered = task === 'fix' && assistant.isErrorShown;
  return (
    <button
      type="button"
      className={`jp-LlamaAssist-button ${isOffered ? 'jp-mod-offered' : ''}`}
      title={labels[task].caption}
      disabled={!assistant.canRun(task)}
      onClick={() => onTask(task)}
    >
      {labels[task].short}
    </button>
  );
}

function ClearButton({ assistant, trans }: { assistant: Assistant; trans: TranslationBundle }): JSX.Element | null {
  const conversation = assistant.current?.conversation;
  const label = trans.__('Begin a new conversation');
  return conversation && conversation.turns.length > 0 ? (
    <button
      type="button"
      className="jp-LlamaAssist-iconButton"
      title={label}
      aria-label={label}
      onClick={() => conversation.clear()}
    >
      <clearIcon.react tag="span" height="16px" />
    </button>
  ) : null;
}
