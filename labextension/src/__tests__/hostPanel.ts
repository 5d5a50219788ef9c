/** One editor with the host's own completion machinery around it, and our provider in it. */

import type { YFile } from '@jupyter/ydoc';
import { CodeEditor } from '@jupyterlab/codeeditor';
import { CodeMirrorEditorFactory, ybinding, type CodeMirrorEditor } from '@jupyterlab/codemirror';
import { Completer, CompleterModel, CompletionHandler, InlineCompleter, ProviderReconciliator } from '@jupyterlab/completer';
import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { afterEach } from 'vitest';

import { GhostWatch } from '../ghost';
import { InlineProvider } from '../provider';
import { Settings } from '../settings';
import type { IWireDocument } from '../wire';
import { FakeServer, settled } from './fakeServer';

export interface IHostPanel {
  server: FakeServer;
  settings: Settings;
  provider: InlineProvider;
  watch: GhostWatch;
  completer: InlineCompleter;
  handler: CompletionHandler;
  editor: CodeMirrorEditor;
  document: IWireDocument;
  /** Type as a user does, at the cursor, character by character. */
  type(text: string): Promise<void>;
  /** The text of the editor with the cursor drawn in it. */
  drawn(): string;
  ghost(): string | null;
}

const made: { dispose(): void }[] = [];

afterEach(async () => {
  await settled(); // the editor does things a turn later
  made.splice(0).forEach(each => each.dispose());
  await settled();
});

/** Return a panel whose editor has focus and holds `text`, with the cursor where `|` stands. */
export async function hostPanel(text = '|', debouncerDelay = 0): Promise<IHostPanel> {
  const server = new FakeServer();
  const settings = new Settings();
  const editor = makeEditor(text);
  const document: IWireDocument = { path: 'a.ipynb', language: 'python', cell: 0, cells: [{ id: 'c1', type: 'code', source: '' }] };
  const widget = new Widget();
  let watch: GhostWatch | null = null;
  const provider = new InlineProvider({
    api: server.api,
    settings,
    document: () => ({ ...document, cells: [{ ...document.cells[0], source: editor.model.sharedModel.getSource() }] }),
    isForeignEdit: each => watch?.isForeignEdit(each) ?? false
  });
  const host = makeHandler(provider, editor, widget, debouncerDelay);
  watch = new GhostWatch(host.inlineCompleter!, provider);
  host.editor = editor;
  made.push(editor);
  await settled();
  return {
    server, settings, provider, watch, editor, document, handler: host, completer: host.inlineCompleter!,
    type: async typed => {
      for (const character of typed) {
        edit(editor, character);
        await settled();
      }
    },
    drawn: () => drawn(editor),
    ghost: () => host.inlineCompleter!.current?.insertText ?? null
  };
}

function makeEditor(text: string): CodeMirrorEditor {
  const host = globalThis.document.createElement('div');
  globalThis.document.body.appendChild(host);
  const source = text.replace('|', '');
  const model = new CodeEditor.Model({ mimeType: 'text/x-python' });
  model.sharedModel.setSource(source);
  const { ysource: ytext, undoManager } = model.sharedModel as YFile;
  const extensions = [ybinding({ ytext, undoManager: undoManager ?? undefined })];
  const editor = new CodeMirrorEditorFactory().newInlineEditor({ host, model, extensions }) as CodeMirrorEditor;
  editor.editor.contentDOM.tabIndex = 0; // jsdom does not know that what is editable can have focus
  editor.focus();
  editor.setCursorPosition(editor.getPositionAt(text.indexOf('|')) ?? { line: 0, column: 0 });
  return editor;
}

function makeHandler(provider: InlineProvider, editor: CodeMirrorEditor, widget: Widget, debouncerDelay: number) {
  const completer = new Completer({ editor: null, model: new CompleterModel() });
  const inlineCompleter = new InlineCompleter({
    editor: null,
    model: new InlineCompleter.Model(),
    trans: nullTranslator.load('jupyterlab')
  });
  inlineCompleter.configure({ ...InlineCompleter.defaultSettings });
  Widget.attach(completer, globalThis.document.body);
  Widget.attach(inlineCompleter, globalThis.document.body);
  const reconciliator = new ProviderReconciliator({
    context: { widget, editor } as never,
    providers: [],
    inlineProviders: [provider],
    inlineProvidersSettings: {
      [provider.identifier]: { enabled: true, autoFillInMiddle: true, debouncerDelay, timeout: 10000 }
    },
    timeout: 1000
  });
  return new CompletionHandler({ completer, inlineCompleter, reconciliator });
}

/** Replace the selection, as a key does. */
export function edit(editor: CodeMirrorEditor, text: string): void {
  const view = editor.editor;
  view.dispatch({ ...view.state.replaceSelection(text), userEvent: 'input.type' });
}

export function drawn(editor: CodeMirrorEditor): string {
  const source = editor.model.sharedModel.getSource();
  const index = editor.getOffsetAt(editor.getCursorPosition());
  return `${source.slice(0, index)}|${source.slice(index)}`;
}
