/** Watches the ghost text of one panel: keeps it right where the host does not, and tells what became of it. */

import type { SourceChange } from '@jupyter/ydoc';
import type { CodeEditor } from '@jupyterlab/codeeditor';
import type { CompletionHandler, InlineCompleter } from '@jupyterlab/completer';
import { Signal, type ISignal } from '@lumino/signaling';

import { addCandidates } from './candidates';
import { isAtCursor } from './edits';
import { PROVIDER_ID, type IAssistItem, type InlineProvider } from './provider';

export type GhostItem = CompletionHandler.IInlineItem & IAssistItem;

/** A change of the text of the editor with the cursor. */
export interface IEdit {
  editor: CodeEditor.IEditor;
  /** Whether text was inserted, and where the cursor stands. */
  isInsertion: boolean;
}

export class GhostWatch {
  constructor(completer: InlineCompleter, provider: InlineProvider) {
    this.completer = completer;
    this._provider = provider;
    followEditor(completer, editor => this._follow(editor));
    reportAccept(completer, item => this._accepted.emit(item as GhostItem));
    completer.model?.suggestionsChanged.connect((_, { event }) => this._onSuggestions(event));
    completer.model?.filterTextChanged.connect(() => this._onTrimmed());
    completer.disposed.connect(() => this._follow(null));
    this._follow(completer.editor ?? null);
  }

  readonly completer: InlineCompleter;

  /** Emits the item that is shown now, and null when none is any more. */
  get shown(): ISignal<this, GhostItem | null> {
    return this._shown;
  }

  /** Emits an item that the user accepts, before it is inserted. */
  get accepted(): ISignal<this, GhostItem> {
    return this._accepted;
  }

  /** Emits what the user does to the text. */
  get edited(): ISignal<this, IEdit> {
    return this._edited;
  }

  /** Emits when another cell is edited, or the cursor moves without an edit. */
  get left(): ISignal<this, void> {
    return this._left;
  }

  get editor(): CodeEditor.IEditor | null {
    return this._editor;
  }

  /** The item of ours that is shown; null where there is none. */
  get current(): GhostItem | null {
    const item = this.completer.current;
    return item?.provider?.identifier === PROVIDER_ID && item.insertText !== '' ? (item as GhostItem) : null;
  }

  /** Whether the last change of `editor` was made by somebody else. */
  isForeignEdit(editor: CodeEditor.IEditor): boolean {
    return editor === this._editor && this._isForeign;
  }

  /** Take the ghost text away, and stop the model. */
  clear(): void {
    this._provider.cancel();
    this.completer.model?.reset();
  }

  private _follow(editor: CodeEditor.IEditor | null): void {
    if (editor === this._editor) {
      return;
    }
    const former = this._editor;
    if (former !== null && !former.isDisposed) {
      former.model.sharedModel.changed.disconnect(this._onChange, this);
      former.model.selections.changed.disconnect(this._onSelection, this);
    }
    former?.host.removeEventListener('focusout', this._onBlur);
    this._editor = editor;
    this._isForeign = false;
    if (former !== null) {
      this._provider.cancel();
      this._left.emit();
    }
    editor?.model.sharedModel.changed.connect(this._onChange, this);
    editor?.model.selections.changed.connect(this._onSelection, this);
    editor?.host.addEventListener('focusout', this._onBlur);
    this._offset = editor === null ? 0 : offsetOf(editor);
  }

  private _onChange(_: unknown, change: SourceChange): void {
    const editor = this._editor;
    if (editor === null || change.sourceChange === undefined) {
      return; // other news of the cell: its outputs, its metadata
    }
    this._offset = offsetOf(editor);
    this._isForeign = !editor.hasFocus() || !isAtCursor(change.sourceChange, this._offset);
    this._provider.cancelUnlessFitting(editor);
    if (this._isForeign) {
      afterUpdate(() => this.clear());
    } else {
      const isInsertion = change.sourceChange.some(part => part.insert !== undefined);
      this._edited.emit({ editor, isInsertion });
    }
  }

  /** The host keeps the ghost when the cursor goes right, and then replaces what was passed over. */
  private _onSelection(): void {
    const editor = this._editor;
    if (editor !== null && offsetOf(editor) !== this._offset) {
      this._offset = offsetOf(editor);
      this.clear();
      this._left.emit();
    }
  }

  private readonly _onBlur = (event: FocusEvent): void => {
    if (!this.completer.node.contains(event.relatedTarget as Node | null)) {
      this._provider.cancel();
    }
  };

  /**
   * The host inserts between the cursor of its last request and the cursor now. It makes no request on a
   * blank line, so after typing spaces into the ghost it would replace them by the rest of the ghost.
   */
  private _onTrimmed(): void {
    const { model } = this.completer;
    if (!model || !this._editor) {
      return;
    }
    if (hasText(model.completions?.items)) {
      model.cursor = this._editor.getCursorPosition();
      this._shown.emit(this.current);
    } else {
      afterUpdate(() => this._resetIfEmpty());
    }
  }

  private _onSuggestions(event: 'set' | 'append' | 'clear'): void {
    if (event === 'set' && !hasText(this.completer.model?.completions?.items)) {
      this._resetIfEmpty();
      return;
    }
    this._shown.emit(event === 'clear' ? null : this.current);
    if (event === 'set' && this.current?.completion?.manual) {
      void addCandidates(this.completer, this.current, this._provider);
    }
  }

  /** Without a suggestion the host leaves its mark on the editor, and Tab does nothing. */
  private _resetIfEmpty(): void {
    const { model } = this.completer;
    if (model && !model.isDisposed && !hasText(model.completions?.items)) {
      model.reset();
    }
  }

  private _editor: CodeEditor.IEditor | null = null;
  private _isForeign = false;
  private _offset = 0;
  private readonly _accepted = new Signal<this, GhostItem>(this);
  private readonly _edited = new Signal<this, IEdit>(this);
  private readonly _left = new Signal<this, void>(this);
  private readonly _provider: InlineProvider;
  private readonly _shown = new Signal<this, GhostItem | null>(this);
}

/** Do something that changes the view, which it does not suffer while it handles a change of the text. */
function afterUpdate(action: () => void): void {
  void Promise.resolve().then(action);
}

function hasText(items: readonly CompletionHandler.IInlineItem[] | undefined): boolean {
  return items?.some(item => item.insertText !== '' || item.error !== undefined) ?? false;
}

function offsetOf(editor: CodeEditor.IEditor): number {
  return editor.isDisposed ? 0 : editor.getOffsetAt(editor.getCursorPosition());
}

/** Call `follow` whenever the host gives the completer another editor; it has no signal for that. */
function followEditor(completer: InlineCompleter, follow: (editor: CodeEditor.IEditor | null) => void): void {
  const inherited = inheritedProperty(completer, 'editor');
  Object.defineProperty(completer, 'editor', {
    configurable: true,
    get: () => inherited.get!.call(completer),
    set: (editor: CodeEditor.IEditor | null) => {
      inherited.set!.call(completer, editor);
      follow(editor ?? null);
    }
  });
}

/** Call `report` with the item that is about to be accepted; the host has no signal for that either. */
function reportAccept(completer: InlineCompleter, report: (item: CompletionHandler.IInlineItem) => void): void {
  const accept = completer.accept.bind(completer);
  completer.accept = () => {
    const item = completer.current;
    if (item?.provider?.identifier === PROVIDER_ID && item.insertText !== '') {
      report(item);
    }
    accept();
  };
}

function inheritedProperty(object: object, name: string): PropertyDescriptor {
  for (let type = Object.getPrototypeOf(object); type !== null; type = Object.getPrototypeOf(type)) {
    const found = Object.getOwnPropertyDescriptor(type, name);
    if (found) {
      return found;
    }
  }
  throw new Error(`No property ${name}`);
}
