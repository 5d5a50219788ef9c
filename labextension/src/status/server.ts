/** The wire of `status`, `model` and `prompt`. */

export interface IUsage {
  shown: number;
  accepted: number;
  accepted_part: number;
  dismissed: number;
  characters_saved: number;
}

export interface IStatus {
  state: 'stopped' | 'loading' | 'ready' | 'failed';
  model: string;
  /** Why it failed, or what it is doing. */
  detail: string;
  device?: string;
  weights?: string;
  memory_bytes?: number;
  running?: number;
  /** The server that the text of prompts is sent to; null where none leaves this machine. */
  remote?: IRemote | null;
  usage?: IUsage;
}

export interface IRemote {
  origin: string;
  model: string;
  /** Secrets that were left out of prompts so far. */
  redacted: number;
}

export interface IModel {
  id: string;
  title?: string;
  notes?: string;
  parameters?: number | null;
  size_bytes: number;
  license: string;
  license_url?: string;
  fim: boolean;
  state?: 'installed' | 'partial' | 'damaged' | 'available';
  present: boolean;
  current: boolean;
}

export interface IDownloadProgress {
  file: string;
  done: number;
  total: number | null;
}

/** The last prompt that went to the model; `text` is null where there was none. */
export interface ILastPrompt {
  text: string | null;
  tokens?: number;
  task?: string;
  when?: string | number;
}

export interface IStatusServer {
  status(): Promise<IStatus>;
  models(): Promise<IModel[]>;
  /** Resolves when the model answers. Without `id`, the current one. */
  load(id?: string): Promise<IStatus>;
  unload(): Promise<IStatus>;
  /** Aborting `signal` stops the download; what has come is kept for the next time. */
  download(id: string, signal: AbortSignal): AsyncIterable<IDownloadProgress>;
  prompt(): Promise<ILastPrompt>;
}
