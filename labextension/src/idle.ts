/** Suggestions on blank lines, where the host makes none: asked for after a pause. */

import type { CodeEditor } from '@jupyterlab/codeeditor';

import type { GhostWatch, IEdit } from './ghost';
import { liveText } from './site';

export interface IIdleOptions {
  /** Milliseconds of pause; null to ask for nothing. */
  delay: () => number | null;
  /** Whether there is an answer without a request. */
  isAtHand: (editor: CodeEditor.IEditor) => boolean;
  /** Ask for a suggestion at the cursor of `editor`. */
  invoke: (editor: CodeEditor.IEditor) => void;
}

/** Marks the editor while the host's list of completions is open. */
const TAB_COMPLETER_CLASS = 'jp-mod-completer-active';

/** Tell whether the cursor stands on a blank line below something. */
export function isBlankLine(prefix: string): boolean {
  const start = prefix.lastIndexOf('\n');
  return start >= 0 && prefix.slice(start).trim() === '' && prefix.slice(0, start).trim() !== '';
}

export class IdleInvoker {
  constructor(watch: GhostWatch, options: IIdleOptions) {
    this._options = options;
    watch.edited.connect((_, edit) => this._onEdit(edit));
    watch.left.connect(() => this.stop());
    watch.completer.disposed.connect(() => this.stop());
  }

  stop(): void {
    clearTimeout(this._timer);
  }

  private _onEdit({ editor, isInsertion }: IEdit): void {
    this.stop();
    const delay = this._options.delay();
    const prefix = liveText(editor)?.prefix;
    if (delay === null || !isInsertion || prefix === undefined || !isBlankLine(prefix)) {
      return;
    }
    this._timer = setTimeout(() => this._invoke(editor, prefix), this._options.isAtHand(editor) ? 0 : delay);
  }

  private _invoke(editor: CodeEditor.IEditor, prefix: string): void {
    const isOpen = editor.host.classList.contains(TAB_COMPLETER_CLASS);
    if (!isOpen && editor.hasFocus() && liveText(editor)?.prefix === prefix) {
      this._options.invoke(editor);
    }
  }

  private readonly _options: IIdleOptions;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
