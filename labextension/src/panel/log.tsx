/** The turns of the current notebook, the newest in sight. */

import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Assistant } from './assistant';
import type { TaskLabels } from './labels';
import type { Turn } from './turn';
import { TurnView } from './turnView';

export interface ILogProps {
  assistant: Assistant;
  labels: TaskLabels;
  trans: TranslationBundle;
  showNotebook: () => void;
}

export function Log({ assistant, labels, trans, showNotebook }: ILogProps): JSX.Element {
  const { current } = assistant;
  const turns = current?.conversation.turns ?? [];
  const { outer, inner } = useNewestInSight(turns.length);
  const reveal = (id: string) => {
    showNotebook();
    void current?.cells.reveal(id);
  };
  return (
    <div className="jp-LlamaAssist-log" ref={outer} role="log" aria-label={trans.__('Conversation')} tabIndex={0}>
      <div ref={inner}>
        {turns.length === 0 && <Empty hasNotebook={current !== null} trans={trans} />}
        {current &&
          turns.map((turn, index) => (
            <TurnView
              key={index}
              turn={turn}
              cells={current.cells}
              labels={labels}
              trans={trans}
              onRetry={retried => retry(assistant, retried)}
              onReveal={reveal}
            />
          ))}
      </div>
    </div>
  );
}

function retry(assistant: Assistant, { options, cellId }: Turn): void {
  const { task, question, language } = options;
  void assistant.run({ task, question, language }, cellId ?? undefined);
}

function Empty({ hasNotebook, trans }: { hasNotebook: boolean; trans: TranslationBundle }): JSX.Element {
  return (
    <p className="jp-LlamaAssist-empty">
      {hasNotebook
        ? trans.__(
            'Ask a question, or choose a task for the active cell. ' +
              'Your Jupyter server answers; nothing is changed before you apply it, and nothing is ever run.'
          )
        : trans.__('Open a notebook to ask about it.')}
    </p>
  );
}

/** Keep the end in sight while an answer grows, unless the reader has scrolled away from it. */
function useNewestInSight(count: number): {
  outer: React.RefObject<HTMLDivElement>;
  inner: React.RefObject<HTMLDivElement>;
} {
  const outer = React.useRef<HTMLDivElement>(null);
  const inner = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    const box = outer.current!;
    const toEnd = () => box.scrollTo?.({ top: box.scrollHeight });
    let isAtEnd = true;
    const look = () => (isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 24);
    const observer = new ResizeObserver(() => isAtEnd && toEnd());
    box.addEventListener('scroll', look);
    observer.observe(inner.current!);
    toEnd();
    return () => {
      box.removeEventListener('scroll', look);
      observer.disconnect();
    };
  }, [count]);
  return { outer, inner };
}
