/** The schemas of a Python kernel's variables, read while it idles, with the user's consent. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelMessage } from '@jupyterlab/services';

import { EXPRESSION, decodeSchemas } from './schemasCode';
import type { IVariable } from './wire';

/** Milliseconds that the kernel must have been idle, and that an answer may take. */
const QUIET_DELAY = 150;
const ANSWER_LIMIT = 100;

/** Whether the user lets the variables be read; asks him if he was not asked yet. */
export type Consent = () => Promise<boolean>;

/** Ask an idle kernel for the schemas of its variables; null where they cannot be had in time. */
export async function readSchemas(kernel: Kernel.IKernelConnection): Promise<IVariable[] | null> {
  if (kernel.status !== 'idle' || (await languageOf(kernel)) !== 'python' || kernel.status !== 'idle') {
    return null;
  }
  const future = kernel.requestExecute({
    code: '',
    silent: true,
    store_history: false,
    allow_stdin: false,
    stop_on_error: false,
    user_expressions: { schemas: EXPRESSION }
  });
  const timer = setTimeout(() => future.dispose(), ANSWER_LIMIT);
  try {
    return schemasOf(await future.done);
  } catch {
    return null; // it was disposed of: too late, or the kernel has gone
  } finally {
    clearTimeout(timer);
  }
}

async function languageOf(kernel: Kernel.IKernelConnection): Promise<string> {
  const info = await kernel.info;
  return info.language_info.name;
}

function schemasOf(reply: KernelMessage.IExecuteReplyMsg): IVariable[] | null {
  const { content } = reply;
  if (content.status !== 'ok') {
    return null;
  }
  const shown = content.user_expressions.schemas as unknown as IShown | undefined;
  const text = shown?.status === 'ok' ? shown.data['text/plain'] : undefined;
  return text === undefined ? null : (decodeSchemas(text) as IVariable[]);
}

interface IShown {
  status: string;
  data: Record<string, string>;
}

/** Keeps the schemas of one session's variables up to date: after each execution, in the pause that follows. */
export class VariableReader {
  constructor(session: ISessionContext, consent: Consent) {
    this._session = session;
    this._consent = consent;
    session.iopubMessage.connect(this._onMessage, this);
    session.statusChanged.connect(this._onStatus, this);
    session.kernelChanged.connect(this._onKernel, this);
    session.disposed.connect(() => clearTimeout(this._timer));
  }

  /** What was read last of the kernel that runs now. */
  get variables(): IVariable[] {
    return this._variables;
  }

  /** Forget what was read. */
  clear(): void {
    this._variables = [];
  }

  private _onKernel(): void {
    this.clear();
    this._isStale = false;
  }

  /** A silent request, such as our own, tells nobody its input. */
  private _onMessage(_: unknown, message: KernelMessage.IMessage): void {
    if (message.header.msg_type === 'execute_input') {
      this._isStale = true;
      clearTimeout(this._timer);
    }
  }

  private _onStatus(_: unknown, status: Kernel.Status): void {
    clearTimeout(this._timer);
    if (status === 'restarting' || status === 'autorestarting') {
      this.clear();
    } else if (status === 'idle' && this._isStale) {
      this._timer = setTimeout(() => void this._read(), QUIET_DELAY);
    }
  }

  private async _read(): Promise<void> {
    const kernel = this._session.session?.kernel;
    if (!kernel || (await languageOf(kernel)) !== 'python' || !(await this._consent())) {
      return;
    }
    const variables = await readSchemas(kernel);
    if (variables !== null && kernel === this._session.session?.kernel) {
      this._variables = variables;
      this._isStale = false;
    }
  }

  private readonly _consent: Consent;
  private _isStale = false;
  private readonly _session: ISessionContext;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _variables: IVariable[] = [];
}
