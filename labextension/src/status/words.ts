/** The state of the model in words. */

import type { TranslationBundle } from '@jupyterlab/translation';

import type { EngineStatus } from './engineStatus';
import type { Models } from './models';
import type { IUsage } from './server';

/** Return the state in a word or two, for the status bar and for those who hear it. */
export function stateWord(engine: EngineStatus, trans: TranslationBundle): string {
  switch (engine.state) {
    case 'off':
      return trans.__('off');
    case 'loading':
      return trans.__('loading');
    case 'ready':
      return trans.__('ready');
    case 'busy':
      return trans.__('busy');
    case 'failed':
      return trans.__('failed');
  }
}

/** Return everything that is known, a line each. */
export function stateLines(engine: EngineStatus, trans: TranslationBundle): string[] {
  const { status } = engine;
  const lines = [trans.__('Model: %1', engine.model || trans.__('none')), stateLine(engine, trans)];
  if (status?.memory_bytes) {
    lines.push(trans.__('Memory: %1 on %2', bytes(status.memory_bytes), status.device ?? ''));
  }
  return lines;
}

function stateLine(engine: EngineStatus, trans: TranslationBundle): string {
  const word = stateWord(engine, trans);
  if (engine.detail) {
    return trans.__('State: %1 (%2)', word, engine.detail);
  }
  return engine.state === 'off' && engine.status
    ? trans.__('State: off; it starts with the first question or suggestion')
    : trans.__('State: %1', word);
}

/** Return the share of a download in percent, or null where the whole size is not known. */
export function percent(models: Models): number | null {
  const progress = models.download?.progress;
  return progress?.total ? Math.min(100, Math.floor((100 * progress.done) / progress.total)) : null;
}

export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(count) / 3));
  const value = count / 1000 ** power;
  return `${value.toFixed(power > 1 && value < 100 ? 1 : 0)} ${units[power]}`;
}

/** Return how many suggestions were taken and what they saved; empty while none was shown. */
export function usageLine(usage: IUsage | undefined, trans: TranslationBundle): string {
  if (!usage || usage.shown === 0) {
    return '';
  }
  const taken = usage.accepted + usage.accepted_part;
  const share = Math.round((100 * taken) / usage.shown);
  return trans.__(
    '%1 of %2 suggestions taken (%3 %), %4 characters saved',
    taken,
    usage.shown,
    share,
    usage.characters_saved.toLocaleString()
  );
}
