/** The objects that travel to and from the server. */

export interface IWireCell {
  id?: string;
  type: 'code' | 'markdown' | 'raw';
  source: string;
  outputs?: string[];
  execution_count?: number;
}

/** The schema of one live kernel variable: never its value. */
export interface IVariable {
  name: string;
  type: string;
  shape?: number[];
  dtype?: string;
  columns?: [string, string][];
  signature?: string;
}

/** A notebook, a console, or a file as a notebook of one cell; `cell` is the index of the cell with the cursor. */
export interface IWireDocument {
  path: string;
  language: string;
  cell: number;
  cells: IWireCell[];
  variables?: IVariable[];
}

export interface ICompletionBody {
  prompt: string;
  suffix: string;
  stream: true;
  n: number;
  manual: boolean;
  document: IWireDocument;
}

/** One event of a streamed completion. */
export interface ICompletionPiece {
  choices: { index: number; text: string; finish_reason: string | null }[];
}
