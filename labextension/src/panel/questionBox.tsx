/** Where a question is typed: Enter sends, Shift+Enter is a new line, Escape stops the answer or goes back. */

import { stopIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { sendIcon } from './icons';

export interface IQuestionBoxProps {
  isEnabled: boolean;
  isBusy: boolean;
  trans: TranslationBundle;
  inputRef: React.RefObject<HTMLTextAreaElement>;
  onSend: (question: string) => void;
  onStop: () => void;
  /** Escape where there is nothing to stop. */
  onLeave: () => void;
}

export function QuestionBox(props: IQuestionBoxProps): JSX.Element {
  const { isEnabled, isBusy, trans, inputRef, onSend, onStop } = props;
  const [text, setText] = React.useState('');
  const send = () => {
    if (text.trim() && isEnabled) {
      onSend(text.trim());
      setText('');
    }
  };
  return (
    <div className="jp-LlamaAssist-box">
      <textarea
        ref={inputRef}
        rows={2}
        value={text}
        disabled={!isEnabled}
        placeholder={trans.__('Ask about this notebook')}
        aria-label={trans.__('Question about this notebook. Enter sends, Shift and Enter is a new line.')}
        onChange={event => setText(event.target.value)}
        onKeyDown={event => onKey(event, props, send)}
      />
      {isBusy ? (
        <IconButton icon={stopIcon} label={trans.__('Stop (Escape)')} onClick={onStop} isEnabled />
      ) : (
        <IconButton icon={sendIcon} label={trans.__('Send (Enter)')} onClick={send} isEnabled={!!text.trim()} />
      )}
    </div>
  );
}

/** While a word is being composed (Chinese, Japanese, Korean), Enter and Escape belong to the composition. */
function onKey(event: React.KeyboardEvent, { isBusy, onStop, onLeave }: IQuestionBoxProps, send: () => void): void {
  if (event.nativeEvent.isComposing) {
    return;
  }
  if (event.key === 'Enter' && !event.shiftKey) {
    event.preventDefault();
    send();
  } else if (event.key === 'Escape') {
    event.stopPropagation();
    (isBusy ? onStop : onLeave)();
  }
}

interface IIconButtonProps {
  icon: typeof sendIcon;
  label: string;
  isEnabled: boolean;
  onClick: () => void;
}

function IconButton({ icon, label, isEnabled, onClick }: IIconButtonProps): JSX.Element {
  return (
    <button
      type="button"
      className="jp-LlamaAssist-iconButton jp-mod-send"
      title={label}
      aria-label={label}
      disabled={!isEnabled}
      onClick={onClick}
    >
      <icon.react tag="span" height="18px" />
    </button>
  );
}
