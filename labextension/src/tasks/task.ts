/** The wire of `v1/tasks`: what is asked about a notebook, and the pieces in which the answer comes. */

export type TaskName = 'ask' | 'explain' | 'fix' | 'document' | 'test' | 'next' | 'summarize' | 'translate';

/** What a button or a command starts; `ask` has the question box instead. */
export const BUTTON_TASKS: readonly TaskName[] = [
  'explain',
  'fix',
  'document',
  'test',
  'next',
  'summarize',
  'translate'
];

/** The error that a cell's output shows. */
export interface ICellError {
  name: string;
  value: string;
  traceback: string;
}

export interface IMessage {
  role: 'user' | 'assistant';
  content: string;
}

/** The body of a request, less the document, which is read when the request goes out. */
export interface ITaskOptions {
  task: TaskName;
  question?: string;
  error?: ICellError;
  language?: string;
  messages?: IMessage[];
  /** Fixes that the user has turned down. */
  avoid?: string[];
}

export interface ITaskRequest extends ITaskOptions {
  document: object;
  render: true;
  stream: true;
}

/** Code that the model proposes: it replaces the cell, or becomes a new cell below it. */
export interface IProposedCode {
  text: string;
  language: string;
  parses: boolean;
  action: 'replace' | 'insert';
  cell: number;
  /** Whether code would do something else than before, where only comments were to change. */
  changes_code?: boolean;
}

/** One context block that was sent. */
export interface ISentBlock {
  cell: number | null;
  kind: string;
  tokens: number;
}

/** What the server adds to a piece; all but `html` come with the last one. */
export interface ITaskNote {
  html?: string;
  cells?: number[];
  /** Where the notebook has nothing about the question: the cells that come nearest to it. */
  nearest?: number[];
  sent?: ISentBlock[];
  prompt_tokens?: number;
  code?: IProposedCode | null;
  refused?: boolean;
  /** How many earlier turns the model's context had no room for. */
  turns_left_out?: number;
}

export interface ITaskPiece {
  model?: string;
  choices: { delta?: { content?: string | null }; finish_reason?: string | null }[];
  llama_assist?: ITaskNote;
}

/** Where tasks are answered. Aborting `signal` ends the answer at once, here and at the server. */
export interface ITaskServer {
  run(request: ITaskRequest, signal: AbortSignal): AsyncIterable<ITaskPiece>;
}
