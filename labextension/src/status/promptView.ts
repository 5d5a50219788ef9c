/** The last prompt that was sent to the model, as the plain text that it was. */

import { MainAreaWidget, ToolbarButton } from '@jupyterlab/apputils';
import { refreshIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { assistantIcon } from '../panel/icons';
import type { ILastPrompt, IStatusServer } from './server';

export function promptView(server: IStatusServer, trans: TranslationBundle): MainAreaWidget<PromptView> {
  const content = new PromptView(server, trans);
  const widget = new MainAreaWidget({ content });
  widget.id = 'llama-assist-prompt';
  widget.title.label = trans.__('Last Prompt');
  widget.title.icon = assistantIcon;
  widget.title.closable = true;
  widget.toolbar.addItem(
    'refresh',
    new ToolbarButton({
      icon: refreshIcon,
      tooltip: trans.__('Show the last prompt anew'),
      onClick: () => void content.refresh()
    })
  );
  return widget;
}

export class PromptView extends Widget {
  constructor(server: IStatusServer, trans: TranslationBundle) {
    super();
    this.addClass('jp-LlamaAssist-prompt');
    this._server = server;
    this._trans = trans;
    this._head = this.node.appendChild(document.createElement('p'));
    this._text = this.node.appendChild(document.createElement('pre'));
    this._text.tabIndex = 0;
  }

  async refresh(): Promise<void> {
    try {
      this._show(await this._server.prompt());
    } catch (error) {
      this._head.textContent = error instanceof Error ? error.message : String(error);
      this._text.textContent = '';
    }
  }

  private _show(prompt: ILastPrompt): void {
    this._head.textContent =
      prompt.text === null ? this._trans.__('Nothing has been sent to the model yet.') : this._headline(prompt);
    this._text.textContent = prompt.text ?? '';
  }

  private _headline({ tokens, task, when }: ILastPrompt): string {
    const date = when === undefined ? null : new Date(typeof when === 'number' ? when * 1000 : when);
    return [this._trans.__('%1 tokens', tokens ?? 0), task, date?.toLocaleString()].filter(Boolean).join(' · ');
  }

  private readonly _server: IStatusServer;
  private readonly _trans: TranslationBundle;
  private readonly _head: HTMLElement;
  private readonly _text: HTMLElement;
}
