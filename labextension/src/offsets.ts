/** Positions in text: the host's offsets to indexes of a JavaScript string, on every version of JupyterLab. */

import { Text } from '@jupyterlab/coreutils';

/** Return what stands before and after the cursor of a host's request.
 *
 * Since 4.5 its offset counts code points, before it counted UTF-16 units; the host's own two
 * conversions are each other's inverse in both, and nothing else is.
 */
export function aroundCursor(request: { text: string; offset: number }): { prefix: string; suffix: string } {
  const index = Text.charIndexToJsIndex(request.offset, request.text);
  return { prefix: request.text.slice(0, index), suffix: request.text.slice(index) };
}

/** Return `text` without halves of surrogate pairs, which no encoding of Unicode can carry. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

/** Return `index`, moved back to the border of a character where it lies in a surrogate pair. */
export function characterBorder(text: string, index: number): number {
  const isInside = /[\udc00-\udfff]/.test(text.charAt(index)) && /[\ud800-\udbff]/.test(text.charAt(index - 1));
  return isInside ? index - 1 : index;
}

/** Return how many characters (code points) `text` has. */
export function characters(text: string): number {
  return Array.from(text).length;
}
