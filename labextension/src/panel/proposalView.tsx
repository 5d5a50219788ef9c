/** A proposal as the difference that it would make, and the buttons that write it or turn it down. */

import { copyIcon } from '@jupyterlab/ui-components';
import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { DiffRow, withGaps } from '../tasks/lineDiff';
import type { Proposal } from '../tasks/proposal';

const MARKS = { added: '+', removed: '−', same: ' ' };

export interface IProposalProps {
  proposal: Proposal;
  /** The name of the cell that it is about. */
  cell: string;
  trans: TranslationBundle;
  /** Show the code; false where the answer above shows it. */
  isListed: boolean;
  onApply: () => void;
}

export function ProposalView(props: IProposalProps): JSX.Element {
  const { proposal, trans, isListed } = props;
  const section = React.useRef<HTMLElement>(null);
  const keepFocus = () => section.current?.focus(); // the buttons are about to go
  const isPending = proposal.state === 'open' || proposal.state === 'stale';
  return (
    <section
      ref={section}
      tabIndex={-1}
      className={`jp-LlamaAssist-proposal jp-mod-${proposal.state}`}
      aria-label={title(props)}
    >
      <header>
        <span className="jp-LlamaAssist-proposalTitle">{title(props)}</span>
        <Warning proposal={proposal} trans={trans} />
        <CopyButton text={proposal.text} trans={trans} />
      </header>
      {isListed && proposal.state !== 'discarded' && <Diff proposal={proposal} trans={trans} />}
      <Notice proposal={proposal} trans={trans} />
      {isPending && !proposal.isNoChange && <Buttons {...props} keepFocus={keepFocus} />}
    </section>
  );
}

function Warning({ proposal, trans }: { proposal: Proposal; trans: TranslationBundle }): JSX.Element | null {
  if (proposal.parses && !proposal.changesCode) {
    return null;
  }
  const [text, why] = proposal.parses
    ? [trans.__('changes the code'), trans.__('More than comments would change; look closely before you apply it.')]
    : [trans.__('does not parse'), trans.__('The syntax of this code is not valid.')];
  return (
    <span className="jp-LlamaAssist-badge" title={why}>
      {text}
    </span>
  );
}

function title({ proposal, cell, trans }: IProposalProps): string {
  return proposal.action === 'replace' ? trans.__('Change of %1', cell) : trans.__('New cell below %1', cell);
}

function Diff({ proposal, trans }: { proposal: Proposal; trans: TranslationBundle }): JSX.Element {
  const rows = proposal.action === 'replace' ? withGaps(proposal.diff) : proposal.diff;
  return (
    <div className={`jp-LlamaAssist-diff jp-mod-${proposal.action}`} tabIndex={0} role="group">
      {rows.map((row, index) => (
        <Row key={index} row={row} trans={trans} />
      ))}
    </div>
  );
}

function Row({ row, trans }: { row: DiffRow; trans: TranslationBundle }): JSX.Element {
  if (row.kind === 'gap') {
    const text = trans._n('%1 unchanged line', '%1 unchanged lines', row.count);
    return <div className="jp-LlamaAssist-diffGap">{text}</div>;
  }
  const Line = row.kind === 'added' ? 'ins' : row.kind === 'removed' ? 'del' : 'div';
  return (
    <Line className={`jp-LlamaAssist-diffLine jp-mod-${row.kind}`}>
      <span className="jp-LlamaAssist-diffMark" aria-hidden="true">
        {MARKS[row.kind]}
      </span>
      <code>{row.text === '' ? '\n' : row.text}</code>
    </Line>
  );
}

function Notice({ proposal, trans }: { proposal: Proposal; trans: TranslationBundle }): JSX.Element | null {
  const text = notice(proposal, trans);
  return text ? (
    <p className="jp-LlamaAssist-notice" role="status">
      {text}
    </p>
  ) : null;
}

function notice(proposal: Proposal, trans: TranslationBundle): string {
  switch (proposal.state) {
    case 'stale':
      return trans.__('The cell has changed since you asked. This is the difference to its text now: apply it still?');
    case 'applied':
      return trans.__('Applied. One undo takes it back.');
    case 'discarded':
      return trans.__('Discarded.');
    case 'locked':
      return trans.__('Not applied: the cell or the notebook is read-only.');
    case 'gone':
      return trans.__('Not applied: the cell is no longer in the notebook.');
    case 'open':
      return proposal.isNoChange ? trans.__('The cell reads like this already.') : '';
  }
}

function Buttons({ proposal, trans, onApply, keepFocus }: IProposalProps & { keepFocus: () => void }): JSX.Element {
  return (
    <div className="jp-LlamaAssist-proposalButtons" onClickCapture={keepFocus}>
      <button type="button" className="jp-LlamaAssist-button jp-mod-accept" onClick={onApply}>
        {proposal.action === 'replace' ? trans.__('Apply') : trans.__('Insert')}
      </button>
      <button type="button" className="jp-LlamaAssist-button" onClick={() => proposal.discard()}>
        {trans.__('Discard')}
      </button>
    </div>
  );
}

function CopyButton({ text, trans }: { text: string; trans: TranslationBundle }): JSX.Element {
  const label = trans.__('Copy the code');
  return (
    <button
      type="button"
      className="jp-LlamaAssist-iconButton"
      title={label}
      aria-label={label}
      onClick={() => Clipboard.copyToSystem(text)}
    >
      <copyIcon.react tag="span" height="14px" />
    </button>
  );
}
