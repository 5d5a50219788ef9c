/** A server without a network: what is asked is kept, what is answered is up to the test. */

import { ServerConnection } from '@jupyterlab/services';

import { AssistApi } from '../api';

/** One request, and the answer that the test writes piece by piece. */
export class Exchange {
  constructor(
    readonly url: string,
    readonly body: any,
    readonly init: RequestInit
  ) {
    init.signal?.addEventListener('abort', () => this._fail());
  }

  readonly response = new Promise<Response>((resolve, reject) => {
    this._respond = resolve;
    this._reject = reject;
  });

  get isAborted(): boolean {
    return this.init.signal?.aborted ?? false;
  }

  /** Send an event with one piece of a candidate. */
  async piece(text: string, finish: string | null = null, index = 0): Promise<void> {
    await this.event(JSON.stringify({ choices: [{ index, text, finish_reason: finish }] }));
  }

  async event(data: string): Promise<void> {
    this._open();
    this._stream!.enqueue(new TextEncoder().encode(`data: ${data}\n\n`));
    await settled();
  }

  /** End a candidate, and the answer. */
  async end(): Promise<void> {
    await this.piece('', 'stop');
    await this.event('[DONE]');
    await this.close();
  }

  async close(): Promise<void> {
    this._open();
    try {
      this._stream!.close();
    } catch {
      // the reader has left
    }
    await settled();
  }

  async refuse(status: number, body: unknown): Promise<void> {
    this._respond!(new Response(JSON.stringify(body), { status }));
    await settled();
  }

  private _open(): void {
    if (this._stream === null) {
      const body = new ReadableStream<Uint8Array>({ start: stream => void (this._stream = stream) });
      this._respond!(new Response(body, { status: 200 }));
    }
  }

  private _fail(): void {
    const error = new DOMException('aborted', 'AbortError');
    this._reject!(error);
    try {
      this._stream?.error(error);
    } catch {
      // it was closed before
    }
  }

  private declare _reject: ((error: unknown) => void) | null;
  private declare _respond: ((response: Response) => void) | null;
  private _stream: ReadableStreamDefaultController<Uint8Array> | null = null;
}

export class FakeServer {
  readonly exchanges: Exchange[] = [];

  readonly api = new AssistApi(
    ServerConnection.makeSettings({
      baseUrl: 'http://jupyter.invalid/user/ada/',
      Request: class {
        constructor(
          readonly url: string,
          readonly init: RequestInit
        ) {}
        readonly headers = new Map<string, string>();
      } as unknown as typeof Request,
      Headers: globalThis.Headers,
      fetch: ((request: { url: string; init: RequestInit }) => this._answer(request)) as unknown as typeof fetch
    })
  );

  get last(): Exchange {
    return this.exchanges[this.exchanges.length - 1];
  }

  private _answer({ url, init }: { url: string; init: RequestInit }): Promise<Response> {
    const body = typeof init.body === 'string' ? JSON.parse(init.body) : null;
    const exchange = new Exchange(url, body, init);
    exchange.response.catch(() => undefined);
    this.exchanges.push(exchange);
    return exchange.response;
  }
}

/** Let everything that waits on promises and on the next turn of the loop go on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise(resolve => setTimeout(resolve, 0));
  }
}
