/** What is left of a suggestion after the user typed on: the one rule of type-through. */

/** A place for a suggestion: a document's cell, what else the model sees, and the text around the cursor. */
export interface IPlace {
  /** Path and cell. */
  cell: string;
  /** A hash of everything but this cell. */
  context: string;
  prefix: string;
  suffix: string;
}

const CLOSERS = /^[)\]}"'`]+$/;

/**
 * Return what remains of `text`, which was suggested at `from`, at the place `now`.
 *
 * Null where the user typed something else, or elsewhere. `isWhole` is false for a text that still grows:
 * then what was typed may also be longer than it, and "" remains.
 */
export function remaining(text: string, from: IPlace, now: IPlace, isWhole = true): string | null {
  if (now.cell !== from.cell || now.context !== from.context || !now.prefix.startsWith(from.prefix)) {
    return null;
  }
  const typed = now.prefix.slice(from.prefix.length);
  const rest = withoutTyped(text, typed, isWhole);
  return rest === null ? null : withoutClosers(rest, from.suffix, now.suffix, isWhole);
}

function withoutTyped(text: string, typed: string, isWhole: boolean): string | null {
  if (text.startsWith(typed)) {
    return text.slice(typed.length);
  }
  return !isWhole && typed.startsWith(text) ? '' : null;
}

/** The editor closes brackets and quotes by itself: what it put after the cursor must not come twice. */
function withoutClosers(rest: string, before: string, now: string, isWhole: boolean): string | null {
  if (now === before) {
    return rest;
  }
  const closers = now.endsWith(before) ? now.slice(0, now.length - before.length) : '';
  const fits = isWhole && CLOSERS.test(closers) && rest.endsWith(closers);
  return fits ? rest.slice(0, rest.length - closers.length) : null;
}
