/** Two texts in, the rows of their line diff out. */

import { diffArrays } from 'diff';

export interface ILine {
  kind: 'same' | 'added' | 'removed';
  text: string;
}

/** Unchanged lines that are not shown. */
export interface IGap {
  kind: 'gap';
  count: number;
}

export type DiffRow = ILine | IGap;

/** Unchanged lines that stay in sight before and after a change. */
const CONTEXT = 2;

/** Return every line of both texts, those removed before those added. */
export function lineDiff(before: string, after: string): ILine[] {
  return diffArrays(split(before), split(after)).flatMap(part =>
    part.value.map((text): ILine => ({ kind: part.added ? 'added' : part.removed ? 'removed' : 'same', text }))
  );
}

/** Return `lines` with runs of unchanged lines as gaps; a gap stands for two lines or more. */
export function withGaps(lines: readonly ILine[], context = CONTEXT): DiffRow[] {
  const isShown = shownLines(lines, context);
  const rows: DiffRow[] = [];
  lines.forEach((line, index) => {
    const last = rows[rows.length - 1];
    if (isShown[index]) {
      rows.push(line);
    } else if (last?.kind === 'gap') {
      last.count += 1;
    } else {
      rows.push({ kind: 'gap', count: 1 });
    }
  });
  return rows;
}

function split(text: string): string[] {
  return text === '' ? [] : text.split('\n');
}

function shownLines(lines: readonly ILine[], context: number): boolean[] {
  const isNear = lines.map(() => false);
  lines.forEach((line, index) => {
    if (line.kind !== 'same') {
      isNear.fill(true, Math.max(0, index - context), index + context + 1);
    }
  });
  return isNear.map((near, index) => near || ((isNear[index - 1] ?? true) && (isNear[index + 1] ?? true)));
}
