/** What a change of a shared text says about itself. */

import type { Delta } from '@jupyter/ydoc';

/**
 * Tell whether a change was made at the cursor, which stands at `cursor` after it, in UTF-16 units.
 *
 * A cursor may stand inside what was inserted (an editor closes brackets by itself), but not before it:
 * there it stays when somebody else inserts.
 */
export function isAtCursor(delta: Delta<string>, cursor: number): boolean {
  let from = 0;
  let to = 0;
  let position = 0;
  for (const part of delta) {
    if (part.retain !== undefined) {
      position += part.retain;
    } else {
      from = position;
      position += part.insert?.length ?? 0;
      to = position;
    }
  }
  return from === to ? cursor === to : from < cursor && cursor <= to;
}
