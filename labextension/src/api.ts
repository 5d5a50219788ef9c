/** Requests to the server extension: JSON in, JSON or a stream of JSON out, every failure an `ApiError`. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { Signal, type ISignal } from '@lumino/signaling';

import { events } from './sse';

/** Why a request failed: the server's error object, or that there is no server. */
export class ApiError extends Error {
  constructor(message: string, code: string, status: number, fields: Partial<IErrorFields> = {}) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.state = fields.state;
    this.reason = fields.reason;
  }

  /** The server's word for the kind of failure; `network`, `cut` and `http` are this side's. */
  readonly code: string;
  /** The HTTP status; 0 where there was no answer, or where the error came in the middle of one. */
  readonly status: number;
  readonly state?: string;
  readonly reason?: string;
}

interface IErrorFields {
  message: string;
  code: string;
  state: string;
  reason: string;
}

/** Tell whether a failure is only that somebody aborted. */
export function isAbort(error: unknown): boolean {
  return (error as { name?: unknown } | null)?.name === 'AbortError';
}

export interface IRequestOptions {
  method?: 'GET' | 'POST';
  body?: object;
  signal?: AbortSignal;
  /** Let the request outlive the page. */
  keepalive?: boolean;
}

/** The routes below `{base_url}llama-assist/`. */
export class AssistApi {
  constructor(settings: ServerConnection.ISettings = ServerConnection.makeSettings()) {
    this._settings = settings;
  }

  /** Whether the model is answering this page. */
  get isAnswering(): boolean {
    return this._numAnswers > 0;
  }

  /** Emits when `isAnswering` changes. */
  get answering(): ISignal<this, boolean> {
    return this._answering;
  }

  /** Do what `stream` does for a reply that the model writes. */
  async *answer<T>(path: string, body: object, signal?: AbortSignal): AsyncGenerator<T> {
    this._count(1);
    try {
      yield* this.stream<T>(path, body, signal);
    } finally {
      this._count(-1);
    }
  }

  /** Return the JSON of a reply; null where it has no body. */
  async json<T>(path: string, options: IRequestOptions = {}): Promise<T> {
    const response = await this._send(path, options);
    const text = await response.text();
    return (text === '' ? null : JSON.parse(text)) as T;
  }

  /**
   * Post `body` and yield the JSON of every event of the reply, until `[DONE]`.
   *
   * Leaving the loop, and aborting the signal, close the connection, by which the server stops.
   * Throws `ApiError` where the server refuses, sends an error in the middle, or breaks off.
   */
  async *stream<T>(path: string, body: object, signal?: AbortSignal): AsyncGenerator<T> {
    const response = await this._send(path, { method: 'POST', body, signal });
    try {
      for await (const data of events(response.body!)) {
        if (data === '[DONE]') {
          return;
        }
        yield piece<T>(data);
      }
    } catch (error) {
      throw signal?.aborted ? abortError() : error instanceof ApiError ? error : cut();
    }
    throw cut();
  }

  private async _send(path: string, options: IRequestOptions): Promise<Response> {
    const url = URLExt.join(this._settings.baseUrl, 'llama-assist', path);
    const { method = options.body ? 'POST' : 'GET', body, signal, keepalive } = options;
    const init: RequestInit = { method, signal, keepalive, body: body && JSON.stringify(body) };
    let response: Response;
    try {
      response = await ServerConnection.makeRequest(url, init, this._settings);
    } catch (error) {
      throw signal?.aborted ? abortError() : new ApiError(message(error), 'network', 0);
    }
    if (!response.ok) {
      throw await refusal(response);
    }
    return response;
  }

  private _count(change: number): void {
    const wasAnswering = this.isAnswering;
    this._numAnswers += change;
    if (wasAnswering !== this.isAnswering) {
      this._answering.emit(this.isAnswering);
    }
  }

  private readonly _answering = new Signal<this, boolean>(this);
  private _numAnswers = 0;
  private readonly _settings: ServerConnection.ISettings;
}

function piece<T>(data: string): T {
  const value = JSON.parse(data);
  if (value?.error !== undefined) {
    throw fromFields(value.error, 0);
  }
  return value as T;
}

async function refusal(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => '');
  try {
    const { error } = JSON.parse(text);
    if (typeof error?.message === 'string') {
      return fromFields(error, response.status);
    }
  } catch {
    // Not ours: a proxy's page, or a server without the extension.
  }
  return new ApiError(`The server answered ${response.status} ${response.statusText}`.trim(), 'http', response.status);
}

function fromFields(fields: IErrorFields, status: number): ApiError {
  return new ApiError(fields.message, fields.code, status, fields);
}

function cut(): ApiError {
  return new ApiError('The connection broke off in the middle of the answer.', 'cut', 0);
}

function abortError(): DOMException {
  return new DOMException('The request was aborted.', 'AbortError');
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
