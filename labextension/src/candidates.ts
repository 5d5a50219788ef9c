/** Further candidates for cycling: they come after the first one is shown, and join it when they are whole. */

import type { CompletionHandler, InlineCompleter } from '@jupyterlab/completer';
import { Signal } from '@lumino/signaling';

import type { Completion } from './completion';
import type { GhostItem } from './ghost';
import type { InlineProvider } from './provider';

/** Add the other candidates of the answer that `first` shows, for as long as it is shown. */
export async function addCandidates(
  completer: InlineCompleter,
  first: GhostItem,
  provider: InlineProvider
): Promise<void> {
  const completion = first.completion!;
  const { completions } = completer.model!;
  for (let index = 1; index < completion.texts.length; index++) {
    while (!completion.hasEnded(index)) {
      await completion.changed;
    }
    const text = completion.isAborted ? null : provider.restOf(completion, index);
    const isShown = completer.model?.completions === completions && completions?.items.includes(first);
    if (text === null || !isShown) {
      return;
    }
    const isNew = text !== '' && completions!.items.every(item => item.insertText !== text);
    if (isNew) {
      completer.model!.appendCompletions({ items: [candidate(first, completion, text)] });
    }
  }
}

function candidate(first: GhostItem, completion: Completion, insertText: string): CompletionHandler.IInlineItem {
  const { provider, suggestion } = first;
  const item = { insertText, provider, suggestion, completion, streaming: false } as unknown as GhostItem;
  item.stream = new Signal(item);
  return item;
}
