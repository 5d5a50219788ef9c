/** The host's inline completion provider: from its requests to running completions, and to what it may show. */

import type { CodeEditor } from '@jupyterlab/codeeditor';
import {
  InlineCompletionTriggerKind,
  type CompletionHandler,
  type IInlineCompletionContext,
  type IInlineCompletionItem,
  type IInlineCompletionList,
  type IInlineCompletionProvider
} from '@jupyterlab/completer';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { Widget } from '@lumino/widgets';

import { SuggestionCache } from './cache';
import { Completion } from './completion';
import { ErrorMarks } from './errorMarks';
import { aroundCursor } from './offsets';
import { assistantIcon } from './panel/icons';
import { completionBody, editorOf, hasSelection, isInsideWord, isWanted, liveText, makeSite, type ISite } from './site';
import type { Settings } from './settings';
import type { AssistApi } from './api';
import type { IPlace } from './trimming';
import type { IWireDocument } from './wire';

export const PROVIDER_ID = 'llama-assist';

/** An item with the answer that it shows; null where it comes from the cache. */
export interface IAssistItem extends IInlineCompletionItem {
  /** The same for all that is shown of one suggestion. */
  suggestion: number;
  completion: Completion | null;
}

type IContext = IInlineCompletionContext & { editor?: CodeEditor.IEditor | null };

/** What a request asks, and the editor in which its answer will be shown. */
interface IAsk {
  site: ISite;
  editor: CodeEditor.IEditor;
  manual: boolean;
}

export interface IProviderOptions {
  api: AssistApi;
  settings: Settings;
  document: (widget: Widget, editor: CodeEditor.IEditor) => IWireDocument | null;
  /** Whether the last change of an editor was somebody else's. */
  isForeignEdit?: (editor: CodeEditor.IEditor) => boolean;
}

/** The host's settings of a provider; the defaults are in `schema.default`. */
const HOST_DEFAULTS = { enabled: true, autoFillInMiddle: true, debouncerDelay: 75, timeout: 10000 };

export class InlineProvider implements IInlineCompletionProvider<IAssistItem> {
  constructor(options: IProviderOptions) {
    this._options = options;
    options.settings.changed.connect(() => this.forget());
  }

  readonly name = 'Llama Assist';
  readonly identifier = PROVIDER_ID;
  readonly icon = assistantIcon;
  readonly schema: ISettingRegistry.IProperty = { type: 'object', default: { ...HOST_DEFAULTS } };

  /** Take the settings that the host keeps for every provider. */
  configure(settings: { [property: string]: unknown }): void {
    const { timeout } = settings;
    this._timeout = typeof timeout === 'number' ? timeout : HOST_DEFAULTS.timeout;
  }

  /** Run `invoke`, and take a request by hand in it for one that nobody asked for. */
  unasked(invoke: () => void): void {
    this._isUnasked = true;
    try {
      invoke();
    } finally {
      this._isUnasked = false;
    }
  }

  /** Answer with the first text that comes; never throws. */
  async fetch(request: CompletionHandler.IRequest, context: IContext): Promise<IInlineCompletionList<IAssistItem>> {
    const turn = ++this._turn;
    const ask = this._ask(request, context);
    if (ask === null) {
      this._stop();
      return { items: [] };
    }
    const known = this._known(ask);
    if (known !== null) {
      return { items: known };
    }
    const continued = this._continued(ask);
    if (continued !== null && (await this._hasText(continued, ask.site.place, turn))) {
      return { items: this._items(continued, ask) };
    }
    if (turn !== this._turn) {
      return { items: [] };
    }
    const completion = this._begin(ask);
    await this._hasText(completion, ask.site.place, turn);
    return { items: turn === this._turn ? this._items(completion, ask) : [] };
  }

  /** Yield the whole text so far, less what was typed since, until it ends or does not fit any more. */
  async *stream(token: string): AsyncGenerator<{ response: IAssistItem }> {
    const shown = this._streams.get(token);
    this._streams.delete(token);
    if (shown === undefined) {
      return;
    }
    const { completion, ask } = shown;
    for (let last: string | null = null; ; ) {
      const now = livePlace(ask);
      const rest = now === null || completion.isAborted ? null : completion.rest(now);
      const isIncomplete = !completion.hasEnded();
      if (rest === null) {
        return;
      }
      if (rest === last && isIncomplete) {
        await completion.changed;
        continue;
      }
      last = rest;
      yield { response: { ...item(completion, rest), isIncomplete, error: this._mark(completion, ask) } };
      if (!isIncomplete) {
        return;
      }
    }
  }

  /** Stop the model; nothing is shown any more of what it was writing. */
  cancel(): void {
    this._turn++;
    this._stop();
  }

  /** Stop the model if what it writes does not fit what stands in `editor` now. */
  cancelUnlessFitting(editor: CodeEditor.IEditor): void {
    const live = this._live;
    if (live === null || live.completion.isOver) {
      return;
    }
    const now = live.ask.editor === editor ? livePlace(live.ask) : null;
    if (now === null || !live.completion.fits(now)) {
      this.cancel();
    }
  }

  /** Forget the suggestions made so far: another model, or other settings, would make others. */
  forget(): void {
    this._cache.clear();
  }

  /** Whether a suggestion for the cursor of `editor` is at hand without a request. */
  isAtHand(widget: Widget, editor: CodeEditor.IEditor): boolean {
    const site = this._site(widget, editor, liveText(editor));
    return site !== null && (this._cache.find(site.place)?.texts.length ?? 0) > 0;
  }

  /** Return what is left now of a further candidate of the answer that is shown. */
  restOf(completion: Completion, index: number): string | null {
    const now = this._live?.completion === completion ? livePlace(this._live.ask) : null;
    return now === null ? null : completion.rest(now, index);
  }

  private _ask(request: CompletionHandler.IRequest, context: IContext): IAsk | null {
    const editor = editorOf(context);
    const manual = context.triggerKind === InlineCompletionTriggerKind.Invoke && !this._isUnasked;
    if (editor === null || hasSelection(editor) || !(manual || this._isWelcome(editor))) {
      return null;
    }
    const text = aroundCursor(request);
    const site = this._site(context.widget, editor, text);
    return site === null || (!manual && isInsideWord(text.suffix)) ? null : { site, editor, manual };
  }

  /** Whether a suggestion may be made that nobody asked for. */
  private _isWelcome(editor: CodeEditor.IEditor): boolean {
    return this._options.settings.get('suggestWhileTyping') && !this._options.isForeignEdit?.(editor);
  }

  private _site(
    widget: Widget,
    editor: CodeEditor.IEditor,
    text: { prefix: string; suffix: string } | null
  ): ISite | null {
    const document = text === null ? null : this._options.document(widget, editor);
    const { settings } = this._options;
    const rules = {
      suggestInProse: settings.get('suggestInProse'),
      disabledNotebooks: settings.get('disabledNotebooks')
    };
    if (text === null || document === null || !isWanted(document, editor.model.mimeType, rules)) {
      return null;
    }
    return makeSite(document, text.prefix, text.suffix);
  }

  private _known(ask: IAsk): IAssistItem[] | null {
    const known = this._cache.find(ask.site.place, ask.manual);
    if (known === null) {
      return null;
    }
    this._stop();
    return known.texts.map(insertText => ({ insertText, suggestion: known.suggestion, completion: null }));
  }

  /** Return the running completion if the user is typing what it writes. */
  private _continued(ask: IAsk): Completion | null {
    const completion = this._live?.completion;
    const fits = completion && !completion.isOver && !ask.manual && completion.fits(ask.site.place);
    return fits ? completion : null;
  }

  private _begin(ask: IAsk): Completion {
    this._stop();
    const n = ask.manual ? this._options.settings.get('candidates') : 1;
    const completion = new Completion(this._options.api, ask.site.place, completionBody(ask.site, ask.manual, n));
    this._live = { completion, ask };
    void this._keep(completion);
    return completion;
  }

  private async _keep(completion: Completion): Promise<void> {
    while (!completion.isOver) {
      await completion.changed;
    }
    if (!completion.isAborted && completion.error === null) {
      this._cache.add(completion.place, completion.texts, completion.manual, completion.id);
      this._errors.clear();
    }
  }

  /** Wait until there is something to show; false where there will be nothing. Gives up when the host does. */
  private async _hasText(completion: Completion, now: IPlace, turn: number): Promise<boolean> {
    const timer = setTimeout(() => completion.abort(), this._timeout);
    while (turn === this._turn && !completion.hasEnded() && completion.rest(now) === '') {
      await completion.changed;
    }
    clearTimeout(timer);
    return turn === this._turn && (completion.rest(now) ?? '') !== '';
  }

  private _items(completion: Completion, ask: IAsk): IAssistItem[] {
    const text = completion.rest(ask.site.place) ?? '';
    const error = this._mark(completion, ask);
    if (error !== undefined || text === '' || completion.isAborted || completion.hasEnded()) {
      const isShown = error !== undefined || (text !== '' && !completion.isAborted);
      return isShown ? [{ ...item(completion, text), error }] : [];
    }
    const token = `${completion.id}:${this._turn}`;
    this._streams.set(token, { completion, ask });
    return [{ ...item(completion, text), isIncomplete: true, token }];
  }

  private _mark(completion: Completion, ask: IAsk): IAssistItem['error'] {
    const message = completion.error === null ? null : this._errors.message(completion.error, ask.manual);
    return message === null ? undefined : { message };
  }

  private _stop(): void {
    this._live?.completion.abort();
    this._streams.clear();
  }

  private readonly _cache = new SuggestionCache();
  private readonly _errors = new ErrorMarks();
  private _isUnasked = false;
  private _live: { completion: Completion; ask: IAsk } | null = null;
  private readonly _options: IProviderOptions;
  private readonly _streams = new Map<string, { completion: Completion; ask: IAsk }>();
  private _timeout = HOST_DEFAULTS.timeout;
  private _turn = 0;
}

function item(completion: Completion, insertText: string): IAssistItem {
  return { insertText, suggestion: completion.id, completion };
}

/** Return the place of `ask` with the text that stands there now. */
function livePlace(ask: IAsk): IPlace | null {
  const text = liveText(ask.editor);
  return text === null ? null : { ...ask.site.place, ...text };
}
