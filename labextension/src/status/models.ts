/** The models that can be chosen, and the one download that may be running. */

import { ISignal, Signal } from '@lumino/signaling';

import type { EngineStatus } from './engineStatus';
import type { IDownloadProgress, IModel, IStatusServer } from './server';

export interface IDownload {
  id: string;
  /** Null until the first piece has come. */
  progress: IDownloadProgress | null;
}

export class Models {
  constructor(server: IStatusServer, engine: EngineStatus) {
    this._server = server;
    this._engine = engine;
  }

  get list(): readonly IModel[] {
    return this._list;
  }

  get download(): IDownload | null {
    return this._download;
  }

  /** The id of the model that is being loaded, or null. */
  get loading(): string | null {
    return this._loading;
  }

  /** What went wrong last, in the server's words. */
  get failure(): string {
    return this._failure;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  refresh(): Promise<void> {
    return this._try(async () => {
      this._list = await this._server.models();
    });
  }

  /** Load a model, or the current one; it is used from then on. */
  load(id?: string): Promise<void> {
    return this._try(async () => {
      this._loading = id ?? this._engine.model;
      this._changed.emit();
      try {
        this._engine.take(await this._engine.during(this._server.load(id)));
      } finally {
        this._loading = null;
      }
      this._list = await this._server.models();
    });
  }

  /** Give the model's memory back. */
  unload(): Promise<void> {
    return this._try(async () => this._engine.take(await this._server.unload()));
  }

  /** Download a model; one at a time. */
  start(id: string): Promise<void> {
    this.cancel();
    const abort = (this._abort = new AbortController());
    this._download = { id, progress: null };
    return this._try(async () => {
      this._changed.emit();
      try {
        await this._follow(id, abort.signal);
      } finally {
        this._finish(abort);
      }
      this._list = await this._server.models();
    });
  }

  /** Stop the download; what has come is kept for the next time. */
  cancel(): void {
    const abort = this._abort;
    if (abort) {
      this._finish(abort);
      abort.abort();
    }
  }

  private async _follow(id: string, signal: AbortSignal): Promise<void> {
    try {
      for await (const progress of this._server.download(id, signal)) {
        if (signal.aborted) {
          return;
        }
        this._download = { id, progress };
        this._changed.emit();
      }
    } catch (error) {
      if (!signal.aborted) {
        throw error;
      }
    }
  }

  private _finish(abort: AbortController): void {
    if (this._abort === abort) {
      this._abort = null;
      this._download = null;
      this._changed.emit();
    }
  }

  private async _try(action: () => Promise<void>): Promise<void> {
    this._failure = '';
    try {
      await action();
    } catch (error) {
      this._failure = error instanceof Error ? error.message : String(error);
    }
    this._changed.emit();
  }

  private readonly _server: IStatusServer;
  private readonly _engine: EngineStatus;
  private _list: readonly IModel[] = [];
  private _download: IDownload | null = null;
  private _abort: AbortController | null = null;
  private _loading: string | null = null;
  private _failure = '';
  private readonly _changed = new Signal<this, void>(this);
}
