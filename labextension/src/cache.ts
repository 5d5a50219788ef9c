/** Suggestions that were made lately: asking again, or typing what was suggested, costs no request. */

import { remaining, type IPlace } from './trimming';

interface IEntry {
  place: IPlace;
  /** The candidates, best first; none where the model had nothing to say. */
  texts: string[];
  manual: boolean;
  /** The suggestion that was shown first; what is typed into it stays the same one. */
  suggestion: number;
}

/** What is left of an earlier answer. */
export interface IKnown {
  texts: string[];
  suggestion: number;
}

export class SuggestionCache {
  constructor(size = 64) {
    this._size = size;
  }

  /** Keep the candidates of a whole answer. */
  add(place: IPlace, texts: string[], manual: boolean, suggestion: number): void {
    const kept = [...new Set(texts)].filter(text => text !== '');
    const others = this._entries.filter(entry => !isSame(entry.place, place));
    this._entries = [{ place, texts: kept, manual, suggestion }, ...others];
    this._entries.length = Math.min(this._entries.length, this._size);
  }

  /**
   * Return what is left of the candidates at `place`; null where the model must be asked.
   *
   * A request by hand is only answered by what was asked by hand: nothing is hidden from it.
   */
  find(place: IPlace, manual = false): IKnown | null {
    for (const [index, entry] of this._entries.entries()) {
      const texts = manual && !entry.manual ? null : left(entry, place);
      if (texts !== null) {
        this._entries.unshift(...this._entries.splice(index, 1));
        return { texts, suggestion: entry.suggestion };
      }
    }
    return null;
  }

  clear(): void {
    this._entries = [];
  }

  private _entries: IEntry[] = [];
  private readonly _size: number;
}

function left(entry: IEntry, place: IPlace): string[] | null {
  if (isSame(entry.place, place)) {
    return entry.texts;
  }
  const rests = entry.texts.map(text => remaining(text, entry.place, place));
  const found = rests.filter((rest): rest is string => rest !== null && rest !== '');
  return found.length > 0 ? found : null;
}

/** Tell whether two places are the same, text and all. */
export function isSame(a: IPlace, b: IPlace): boolean {
  return a.cell === b.cell && a.context === b.context && a.prefix === b.prefix && a.suffix === b.suffix;
}
