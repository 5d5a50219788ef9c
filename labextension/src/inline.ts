/** Inline completions, joined to the host: provider, ghost text, shortcuts, settings and kernel variables. */

import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import type { CodeEditor } from '@jupyterlab/codeeditor';
import { ICompletionProviderManager, IInlineCompleterFactory, type InlineCompleter } from '@jupyterlab/completer';
import { IConsoleTracker } from '@jupyterlab/console';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { AssistApi } from './api';
import { addCommands, CommandIds } from './commands';
import { ConsentQuestion } from './consent';
import { liveDocument, type IDocumentOptions } from './document';
import { EventQueue, Feedback } from './feedback';
import { GhostWatch } from './ghost';
import { AcceptHint } from './hint';
import { IdleInvoker } from './idle';
import { KernelVariables } from './kernels';
import { InlineProvider } from './provider';
import { Settings } from './settings';
import { IAssist, PLUGIN_ID } from './tokens';
import type { Widget } from '@lumino/widgets';

/** One panel's ghost text, and who looks at it. */
interface IWatched {
  watch: GhostWatch;
  feedback: Feedback;
}

/** The assistant of a page, without the host's parts that differ between its applications. */
class Inline implements IAssist {
  constructor(
    app: JupyterFrontEnd,
    manager: ICompletionProviderManager,
    variables: KernelVariables,
    settings: Settings
  ) {
    this._app = app;
    this._manager = manager;
    this._variables = variables;
    this.settings = settings;
    this.api = new AssistApi(app.serviceManager.serverSettings);
    this._queue = new EventQueue(this.api);
    this.provider = new InlineProvider({
      api: this.api,
      settings,
      document: (widget, editor) => this.document(widget, { editor }),
      isForeignEdit: editor => [...this._watched].some(({ watch }) => watch.isForeignEdit(editor))
    });
    window.addEventListener('pagehide', () => void this._queue.flush(true));
  }

  readonly api: AssistApi;
  readonly provider: InlineProvider;
  readonly settings: Settings;

  document(widget: Widget, options: IDocumentOptions = {}) {
    const document = liveDocument(widget, options);
    const variables = this._variables.of(widget);
    return document === null || variables.length === 0 ? document : { ...document, variables };
  }

  forget(): void {
    this.provider.forget();
  }

  /** Watch the ghost text of a new panel. */
  watch(completer: InlineCompleter, hint: AcceptHint): void {
    const watch = new GhostWatch(completer, this.provider);
    watch.shown.connect((_, item) => item !== null && hint.show());
    const watched = { watch, feedback: new Feedback(watch, this._queue) };
    this._watched.add(watched);
    completer.disposed.connect(() => this._watched.delete(watched));
    new IdleInvoker(watch, {
      delay: () => (this._suggestsOnBlankLines ? this.settings.get('idleDelay') : null),
      isAtHand: editor => {
        const widget = this._widgetOf(editor);
        return widget !== null && this.provider.isAtHand(widget, editor);
      },
      invoke: editor => this._invoke(editor)
    });
  }

  /** The panel whose suggestion is shown at the cursor. */
  active(): IWatched | null {
    const isActive = ({ watch }: IWatched) => watch.current !== null && (watch.editor?.hasFocus() ?? false);
    return [...this._watched].find(isActive) ?? null;
  }

  private get _suggestsOnBlankLines(): boolean {
    return this.settings.get('suggestWhileTyping') && this.settings.get('suggestAfterEnter');
  }

  private _invoke(editor: CodeEditor.IEditor): void {
    const widget = this._widgetOf(editor);
    if (widget !== null) {
      this.provider.unasked(() => this._manager.inline?.invoke(widget.id));
    }
  }

  private _widgetOf(editor: CodeEditor.IEditor): Widget | null {
    const { currentWidget } = this._app.shell;
    return currentWidget?.node.contains(editor.host) ? currentWidget : null;
  }

  private readonly _app: JupyterFrontEnd;
  private readonly _manager: ICompletionProviderManager;
  private readonly _queue: EventQueue;
  private readonly _variables: KernelVariables;
  private readonly _watched = new Set<IWatched>();
}

/** Have every inline completer that `factory` makes from now on watched. */
function watchFactory(factory: IInlineCompleterFactory, watch: (completer: InlineCompleter) => void): void {
  const make = factory.factory;
  factory.factory = options => {
    const completer = make(options);
    watch(completer as InlineCompleter);
    return completer;
  };
}

/** The host reads the list of providers once, when the page is restored: nothing is awaited before. */
function activate(
  app: JupyterFrontEnd,
  manager: ICompletionProviderManager,
  factory: IInlineCompleterFactory | null,
  registry: ISettingRegistry | null,
  translator: ITranslator | null,
  notebooks: INotebookTracker | null,
  consoles: IConsoleTracker | null,
  palette: ICommandPalette | null
): IAssist {
  const trans = (translator ?? nullTranslator).load('llama_assist');
  const settings = new Settings();
  const question = new ConsentQuestion(settings, trans);
  const variables = new KernelVariables([notebooks, consoles], () => question.ask());
  settings.changed.connect(() => settings.get('kernelVariables') === 'on' || variables.clear());
  const inline = new Inline(app, manager, variables, settings);
  manager.registerInlineProvider(inline.provider);
  if (factory !== null) {
    const hint = new AcceptHint(settings, app.commands, trans);
    watchFactory(factory, completer => inline.watch(completer, hint));
  }
  addCommands(app.commands, () => inline.active(), trans);
  for (const command of Object.values(CommandIds)) {
    palette?.addItem({ command, category: trans.__('Assistant') });
  }
  registry?.load(PLUGIN_ID).then(
    registered => settings.use(registered),
    error => console.error('Llama Assist works with its default settings: they could not be read.', error)
  );
  return inline;
}

export const inline: JupyterFrontEndPlugin<IAssist> = {
  id: PLUGIN_ID,
  description: 'Inline completions by the model in your Jupyter server.',
  autoStart: true,
  provides: IAssist,
  requires: [ICompletionProviderManager],
  optional: [
    IInlineCompleterFactory,
    ISettingRegistry,
    ITranslator,
    INotebookTracker,
    IConsoleTracker,
    ICommandPalette
  ],
  activate
};
