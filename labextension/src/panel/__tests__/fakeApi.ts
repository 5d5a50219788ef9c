/** The real connection class over a fetch that a test plays: events are sent one by one, an abort is seen. */

import { ServerConnection } from '@jupyterlab/services';

import { AssistApi } from '../../api';
import { TaskServer } from '../../tasks/taskServer';
import type { ITaskNote } from '../../tasks/task';

export class FakeServer {
  readonly server: TaskServer;
  /** The bodies of the requests so far. */
  readonly bodies: Record<string, unknown>[] = [];
  /** How many connections were closed from the side of the page. */
  closed = 0;

  constructor() {
    const fetch = (request: Request) => this._answer(request);
    const settings = ServerConnection.makeSettings({ fetch: fetch as typeof globalThis.fetch });
    this.server = new TaskServer(new AssistApi(settings));
  }

  /** Send a piece of text, with what belongs to it. */
  say(content: string, note?: ITaskNote, finish_reason: string | null = null): Promise<void> {
    return this.send({ model: 'm', choices: [{ delta: { content }, finish_reason }], llama_assist: note });
  }

  async send(event: object | string): Promise<void> {
    await until(() => this._stream !== null);
    const data = typeof event === 'string' ? event : JSON.stringify(event);
    this._stream!.enqueue(new TextEncoder().encode(`data: ${data}\n\n`));
    await settled();
  }

  async done(): Promise<void> {
    await this.send('[DONE]');
    this._stream = null;
  }

  /** End the connection without an end of the answer. */
  async breakOff(): Promise<void> {
    this._stream!.close();
    this._stream = null;
    await settled();
  }

  private async _answer(request: Request): Promise<Response> {
    this.bodies.push(await request.json());
    const body = new ReadableStream({
      start: controller => {
        this._stream = controller;
        request.signal.addEventListener('abort', () => {
          this.closed += 1;
          this._stream = null;
          controller.error(new DOMException('aborted', 'AbortError'));
        });
      }
    });
    return new Response(body, { status: 200 });
  }

  private _stream: ReadableStreamDefaultController | null = null;
}

/** Let everything that is ready happen. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await new Promise(resolve => setTimeout(resolve));
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 100 && !isTrue(); i++) {
    await settled();
  }
}
