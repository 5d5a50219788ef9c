/** Outputs of a cell in, the error that they show out. */

import type { IOutput } from '@jupyterlab/nbformat';

import type { ICellError } from './task';

// eslint-disable-next-line no-control-regex
const ANSI = /\u001b\[[0-?]*[ -/]*[@-~]/g;

/** Return the last error among `outputs`, without terminal colours, or null. */
export function cellError(outputs: readonly IOutput[]): ICellError | null {
  const output = outputs.filter(each => each.output_type === 'error').pop();
  if (!output) {
    return null;
  }
  const lines = Array.isArray(output.traceback) ? output.traceback : [];
  return {
    name: String(output.ename),
    value: String(output.evalue),
    traceback: lines.map(String).join('\n').replace(ANSI, '')
  };
}

/** As much of the model of a cell's outputs as is looked at. */
export interface IOutputs {
  readonly length: number;
  get(index: number): { readonly type: string };
}

/** Tell whether there is an error among `outputs`, without copying them. */
export function showsError(outputs: IOutputs | null): boolean {
  for (let index = 0; outputs !== null && index < outputs.length; index++) {
    if (outputs.get(index).type === 'error') {
      return true;
    }
  }
  return false;
}
