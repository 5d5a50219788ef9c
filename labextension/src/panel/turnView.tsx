/** One turn: what was asked, the answer, the cells that it rests on, and what it proposes. */

import { UseSignal } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { INotebookCells } from '../tasks/notebookCells';
import { Answer } from './answer';
import { cellLabel, TaskLabels } from './labels';
import { ProposalView } from './proposalView';
import type { Turn } from './turn';

/** Lines of a cell that its link shows when it is pointed at. */
const PREVIEW_LINES = 3;

export interface ITurnProps {
  turn: Turn;
  cells: INotebookCells;
  labels: TaskLabels;
  trans: TranslationBundle;
  /** Ask the same again. */
  onRetry: (turn: Turn) => void;
  onReveal: (cellId: string) => void;
}

export function TurnView(props: ITurnProps): JSX.Element {
  return <UseSignal signal={props.turn.changed}>{() => <TurnBody {...props} />}</UseSignal>;
}

function TurnBody(props: ITurnProps): JSX.Element {
  const { turn, trans } = props;
  const [isWhole, setWhole] = React.useState(false);
  const isProseOnly = showsCodeApart(turn) && !isWhole;
  return (
    <article className={`jp-LlamaAssist-turn ${isProseOnly ? 'jp-mod-proseOnly' : ''}`} aria-busy={turn.isRunning}>
      <Question {...props} />
      <Answer turn={turn} />
      {turn.isRunning && <Waiting turn={turn} trans={trans} />}
      {turn.proposal && <Proposed {...props} />}
      {showsCodeApart(turn) && (
        <button type="button" className="jp-LlamaAssist-textButton" onClick={() => setWhole(!isWhole)}>
          {isWhole ? trans.__('Show the explanation only') : trans.__('Show the reply as it was written')}
        </button>
      )}
      <Ending {...props} />
      {turn.citedIds.length > 0 && <Cited {...props} title={trans.__('Rests on')} ids={turn.citedIds} />}
      {turn.nearestIds.length > 0 && <Cited {...props} title={trans.__('Nearest')} ids={turn.nearestIds} />}
    </article>
  );
}

/** The proposal shows the code of a task once; in the answer to a question the code belongs to the text. */
function showsCodeApart(turn: Turn): boolean {
  return turn.proposal !== null && turn.options.task !== 'ask';
}

function Question(props: ITurnProps): JSX.Element {
  const { turn, labels } = props;
  const { task, question, language } = turn.options;
  if (task === 'ask') {
    return <div className="jp-LlamaAssist-question">{question}</div>;
  }
  const isAboutCell = task !== 'summarize' && turn.cellId !== null;
  return (
    <div className="jp-LlamaAssist-question jp-mod-task">
      <span>{labels[task].label.replace('…', '')}</span>
      {isAboutCell && <CellLink {...props} cellId={turn.cellId!} />}
      {language && <span className="jp-LlamaAssist-faint">→ {language}</span>}
    </div>
  );
}

interface ICellLinkProps extends ITurnProps {
  cellId: string;
  /** Show the first words of the cell, too: the notebook itself shows no numbers to find it by. */
  withWords?: boolean;
}

function CellLink({ turn, cells, trans, onReveal, cellId, withWords }: ICellLinkProps): JSX.Element {
  const source = cells.source(cellId);
  const lines = source?.trim().split('\n', PREVIEW_LINES) ?? [trans.__('This cell is no longer in the notebook.')];
  return (
    <button
      type="button"
      className="jp-LlamaAssist-cellLink"
      title={lines.join('\n')}
      disabled={source === null}
      onClick={() => onReveal(cellId)}
    >
      <span>{cellLabel(trans, turn.indexOf(cellId))}</span>
      {withWords && source !== null && <code className="jp-LlamaAssist-cellWords">{lines[0]}</code>}
    </button>
  );
}

function Waiting({ turn, trans }: { turn: Turn; trans: TranslationBundle }): JSX.Element {
  return (
    <div className="jp-LlamaAssist-waiting">
      <span className="jp-LlamaAssist-dots" aria-hidden="true" />
      {turn.state === 'waiting' && <span>{trans.__('Reading the notebook…')}</span>}
    </div>
  );
}

function Proposed({ turn, cells, trans }: ITurnProps): JSX.Element {
  const proposal = turn.proposal!;
  const name = cellLabel(trans, turn.indexOf(proposal.cellId));
  return (
    <ProposalView
      proposal={proposal}
      cell={name}
      trans={trans}
      isListed={showsCodeApart(turn)}
      onApply={() => proposal.apply(cells)}
    />
  );
}

function Ending({ turn, trans, onRetry }: ITurnProps): JSX.Element | null {
  const retry = (
    <button type="button" className="jp-LlamaAssist-button" onClick={() => onRetry(turn)}>
      {trans.__('Try again')}
    </button>
  );
  if (turn.state === 'failed') {
    return (
      <div className="jp-LlamaAssist-failure" role="alert">
        <span>{turn.failure}</span>
        {retry}
      </div>
    );
  }
  const note = endings(turn, trans).join(' ');
  const isRetryable = turn.isRefused || turn.proposal?.state === 'discarded';
  return note || isRetryable ? (
    <div className="jp-LlamaAssist-ending">
      {note && <span>{note}</span>}
      {isRetryable && retry}
    </div>
  ) : null;
}

function endings({ state, isCut, turnsLeftOut }: Turn, trans: TranslationBundle): string[] {
  return [
    state === 'stopped' ? trans.__('Stopped.') : '',
    isCut ? trans.__('The answer ends here because it reached its longest length.') : '',
    turnsLeftOut > 0 ? trans._n('%1 earlier turn had no room.', '%1 earlier turns had no room.', turnsLeftOut) : ''
  ].filter(Boolean);
}

function Cited(props: ITurnProps & { title: string; ids: string[] }): JSX.Element {
  const { title, ids } = props;
  return (
    <nav className="jp-LlamaAssist-cited" aria-label={title}>
      <span className="jp-LlamaAssist-faint">{title}</span>
      {ids.map(id => (
        <CellLink key={id} {...props} cellId={id} withWords />
      ))}
    </nav>
  );
}
