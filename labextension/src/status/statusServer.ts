/** The state of the model over the connection of the page. */

import type { AssistApi } from '../api';
import type { IDownloadProgress, ILastPrompt, IModel, IStatus, IStatusServer } from './server';

export class StatusServer implements IStatusServer {
  constructor(api: AssistApi) {
    this._api = api;
  }

  status(): Promise<IStatus> {
    return this._api.json('status');
  }

  async models(): Promise<IModel[]> {
    return (await this._api.json<{ models: IModel[] }>('model')).models;
  }

  load(id?: string): Promise<IStatus> {
    return this._api.json('model', { body: { action: 'load', id } });
  }

  unload(): Promise<IStatus> {
    return this._api.json('model', { body: { action: 'unload' } });
  }

  async *download(id: string, signal: AbortSignal): AsyncGenerator<IDownloadProgress> {
    const pieces = this._api.stream<{ progress?: IDownloadProgress }>('model', { action: 'download', id }, signal);
    for await (const { progress } of pieces) {
      if (progress) {
        yield progress;
      }
    }
  }

  prompt(): Promise<ILastPrompt> {
    return this._api.json('prompt');
  }

  private readonly _api: AssistApi;
}
