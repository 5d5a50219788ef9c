/** Accepting a suggestion in parts: the next word, or the next line. */

import type { CodeMirrorEditor } from '@jupyterlab/codemirror';

import type { GhostWatch } from './ghost';

export type Part = 'word' | 'line';

const PATTERNS: Record<Part, RegExp> = {
  // Blank space goes with what follows it, so that no part ends in the middle of an indentation.
  word: /^\s*(?:[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]+)/u,
  line: /^(?:\s*\n)?[^\n]*/
};

/** Return the next part of `text`; never empty unless `text` is. */
export function nextPart(text: string, part: Part): string {
  const found = text.match(PATTERNS[part])?.[0] ?? '';
  return found === '' ? text : found;
}

/**
 * Insert the next part of what is shown, and return it; "" where nothing is shown.
 *
 * It goes in as typed text does: the host then takes it off the ghost by itself.
 */
export function acceptPart(watch: GhostWatch, part: Part): string {
  const { current, editor } = watch;
  if (current === null || editor === null || editor.getSelections().length > 1) {
    return '';
  }
  const insert = nextPart(current.insertText, part);
  const from = editor.getOffsetAt(editor.getCursorPosition());
  const selection = { anchor: from + insert.length };
  (editor as CodeMirrorEditor).editor.dispatch({
    changes: { from, insert },
    selection,
    scrollIntoView: true,
    userEvent: 'input.complete'
  });
  return insert;
}
