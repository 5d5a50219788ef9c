/** The names that people read, in their language. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { TaskName } from '../tasks/task';

export interface ITaskLabel {
  /** On a small button. */
  short: string;
  /** In a menu, and above the answer. */
  label: string;
  caption: string;
}

export type TaskLabels = Record<TaskName, ITaskLabel>;

export function taskLabels(trans: TranslationBundle): TaskLabels {
  return {
    ask: {
      short: trans.__('Ask'),
      label: trans.__('Ask about This Notebook'),
      caption: trans.__('Ask a question about this notebook')
    },
    explain: {
      short: trans.__('Explain'),
      label: trans.__('Explain Cell'),
      caption: trans.__('Explain what the active cell does')
    },
    fix: {
      short: trans.__('Fix error'),
      label: trans.__('Fix Error'),
      caption: trans.__('Propose a change of the active cell that mends its error')
    },
    document: {
      short: trans.__('Document'),
      label: trans.__('Document Cell'),
      caption: trans.__('Propose docstrings and comments for the active cell')
    },
    test: {
      short: trans.__('Write test'),
      label: trans.__('Write Test'),
      caption: trans.__('Propose a new cell that tests the active one')
    },
    next: {
      short: trans.__('Next cell'),
      label: trans.__('Suggest Next Cell'),
      caption: trans.__('Propose the cell that follows the active one')
    },
    summarize: {
      short: trans.__('Summarize'),
      label: trans.__('Summarize Notebook'),
      caption: trans.__('Say what this notebook does')
    },
    translate: {
      short: trans.__('Translate'),
      label: trans.__('Translate Comments…'),
      caption: trans.__('Propose the comments of the active cell in another language')
    }
  };
}

/** Return the name of the cell at `index`; people count cells from 1, as the prompts and the answers do. */
export function cellLabel(trans: TranslationBundle, index: number): string {
  return trans.__('Cell %1', index + 1);
}
