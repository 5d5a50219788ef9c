/** Outputs of a cell as short plain texts. */

import type { IOutput, MultilineString } from '@jupyterlab/nbformat';

import { wellFormed } from './offsets';

/** The most characters of one output; the beginning and the end of a longer one are kept. */
export const MAX_OUTPUT = 2000;
const MAX_OUTPUTS = 20;
// eslint-disable-next-line no-control-regex
const ANSI = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** Return the texts of `outputs`; what has no plain text (an image, a widget) is left out. */
export function outputTexts(outputs: readonly IOutput[]): string[] {
  return outputs.slice(0, MAX_OUTPUTS).map(outputText).filter(text => text !== '');
}

function outputText(output: IOutput): string {
  return wellFormed(shorten(plain(output).replace(ANSI, '')));
}

function plain(output: IOutput): string {
  switch (output.output_type) {
    case 'stream':
      return joined(output.text as MultilineString);
    case 'error':
      return `${output.ename}: ${output.evalue}`;
    default:
      return joined((output.data as Record<string, MultilineString> | undefined)?.['text/plain']);
  }
}

function joined(text: MultilineString | undefined): string {
  return Array.isArray(text) ? text.join('') : (text ?? '');
}

function shorten(text: string): string {
  const half = MAX_OUTPUT / 2;
  return text.length <= MAX_OUTPUT ? text : `${text.slice(0, half)}\n...\n${text.slice(-half)}`;
}
