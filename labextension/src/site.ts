/** Where a suggestion is asked for: the document and the place in it, or the reason why none is made there. */

import type { CodeEditor } from '@jupyterlab/codeeditor';
import type { Widget } from '@lumino/widgets';

import { isProse, languageOfMime } from './language';
import { wellFormed } from './offsets';
import type { IPlace } from './trimming';
import type { ICompletionBody, IWireDocument } from './wire';

export interface ISite {
  place: IPlace;
  document: IWireDocument;
}

export interface ISiteRules {
  suggestInProse: boolean;
  disabledNotebooks: string[];
}

/** Return the site with the text `prefix` and `suffix` around the cursor. */
export function makeSite(document: IWireDocument, prefix: string, suffix: string): ISite {
  const own = document.cells[document.cell];
  const cell = `${document.path}#${own.id ?? document.cell}`;
  return { document, place: { cell, context: contextHash(document), prefix, suffix } };
}

/** Tell whether suggestions may be made in a document. */
export function isWanted(document: IWireDocument, mimeType: string, rules: ISiteRules): boolean {
  const type = document.cells[document.cell].type;
  const prose = type === 'markdown' || isProse(languageOfMime(mimeType));
  return type !== 'raw' && !(prose && !rules.suggestInProse) && !rules.disabledNotebooks.includes(document.path);
}

/** Tell whether the cursor stands where an unasked suggestion would be in the way: inside a word. */
export function isInsideWord(suffix: string): boolean {
  return /^[\p{L}\p{N}_]/u.test(suffix);
}

export function completionBody(site: ISite, manual: boolean, n: number): ICompletionBody {
  const { prefix, suffix } = site.place;
  return { prompt: wellFormed(prefix), suffix: wellFormed(suffix), stream: true, n, manual, document: site.document };
}

/** Return the text around the cursor of an editor now; null where it is gone, or has a selection. */
export function liveText(editor: CodeEditor.IEditor): { prefix: string; suffix: string } | null {
  if (editor.isDisposed || hasSelection(editor)) {
    return null;
  }
  const source = editor.model.sharedModel.getSource();
  const index = editor.getOffsetAt(editor.getCursorPosition());
  return { prefix: source.slice(0, index), suffix: source.slice(index) };
}

/** Tell whether text is selected, or there are several cursors: the host would insert at each what fits one. */
export function hasSelection(editor: CodeEditor.IEditor): boolean {
  const [{ start, end }, ...others] = editor.getSelections();
  return others.length > 0 || start.line !== end.line || start.column !== end.column;
}

/** Return the editor that has the cursor in `widget`, where the host's context names it or not. */
export function editorOf(context: { widget: Widget; editor?: CodeEditor.IEditor | null }): CodeEditor.IEditor | null {
  const widget = context.widget as unknown as {
    content?: { activeCell?: { editor: CodeEditor.IEditor | null } | null; editor?: CodeEditor.IEditor };
    console?: { promptCell: { editor: CodeEditor.IEditor | null } | null };
  };
  const { content, console } = widget;
  return context.editor ?? content?.activeCell?.editor ?? content?.editor ?? console?.promptCell?.editor ?? null;
}

/** Hash everything but the cell with the cursor: FNV-1a over the UTF-16 units. */
function contextHash(document: IWireDocument): string {
  const others = document.cells.filter((_, index) => index !== document.cell).map(cell => cell.source);
  const text = JSON.stringify([others, document.variables ?? []]);
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return `${text.length}:${hash >>> 0}`;
}
