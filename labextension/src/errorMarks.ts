/** Which failures the user sees in the editor: each once until something works again, all where he asked. */

import { ApiError } from './api';

export class ErrorMarks {
  /** Return what to show of `error`; null for nothing. */
  message(error: unknown, manual: boolean): string | null {
    if (error instanceof ApiError && isQuiet(error, manual)) {
      return null;
    }
    const message = error instanceof Error ? error.message : String(error);
    if (!manual && this._shown.has(message)) {
      return null;
    }
    this._shown.add(message);
    return message;
  }

  /** Something worked: show failures again. */
  clear(): void {
    this._shown.clear();
  }

  private readonly _shown = new Set<string>();
}

/** The user can do nothing about these, and the status bar tells them. */
function isQuiet(error: ApiError, manual: boolean): boolean {
  const isLoading = error.code === 'engine_unavailable' && error.state !== 'failed';
  return error.code === 'superseded' || isLoading || (error.status === 429 && !manual);
}
