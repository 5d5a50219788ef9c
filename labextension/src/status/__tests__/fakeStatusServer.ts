/** A status server whose answers a test sets. */

import type { IDownloadProgress, ILastPrompt, IModel, IStatus, IStatusServer } from '../server';

export class FakeStatusServer implements IStatusServer {
  answer: Partial<IStatus> | Error = { state: 'ready', model: 'm', detail: '' };
  asked: string[] = [];
  pieces: (IDownloadProgress | Error)[] = [];
  /** Hold the download after its pieces until it is aborted. */
  holds = false;
  last: ILastPrompt = { text: null };

  async status(): Promise<IStatus> {
    if (this.answer instanceof Error) {
      throw this.answer;
    }
    return this.answer as IStatus;
  }

  async models(): Promise<IModel[]> {
    this.asked.push('models');
    return [];
  }

  async load(id?: string): Promise<IStatus> {
    this.asked.push(`load ${id}`);
    return this.status();
  }

  async unload(): Promise<IStatus> {
    return { state: 'stopped', model: 'm', detail: '' };
  }

  async *download(id: string, signal: AbortSignal): AsyncGenerator<IDownloadProgress> {
    this.asked.push(`download ${id}`);
    for (const piece of this.pieces) {
      if (piece instanceof Error) {
        throw piece;
      }
      yield piece;
    }
    if (this.holds) {
      await new Promise((_, reject) =>
        signal.addEventListener('abort', () => {
          this.asked.push('aborted');
          reject(new DOMException('aborted', 'AbortError'));
        })
      );
    }
  }

  async prompt(): Promise<ILastPrompt> {
    return this.last;
  }
}
