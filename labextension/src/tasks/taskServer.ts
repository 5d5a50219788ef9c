/** Tasks over the connection of the page. */

import type { AssistApi } from '../api';
import type { ITaskPiece, ITaskRequest, ITaskServer } from './task';

export class TaskServer implements ITaskServer {
  constructor(api: AssistApi) {
    this._api = api;
  }

  run(request: ITaskRequest, signal: AbortSignal): AsyncIterable<ITaskPiece> {
    return this._api.answer<ITaskPiece>('v1/tasks', request, signal);
  }

  private readonly _api: AssistApi;
}
