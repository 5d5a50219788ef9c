/** The text of an answer: HTML from the server's renderer as it is, everything else as plain text. */

import * as React from 'react';

import type { Turn } from './turn';

export function Answer({ turn }: { turn: Turn }): JSX.Element | null {
  if (turn.html) {
    return (
      <div
        className="jp-LlamaAssist-answer jp-RenderedHTMLCommon"
        onClick={openLinkElsewhere}
        dangerouslySetInnerHTML={{ __html: turn.html }}
      />
    );
  }
  return turn.text ? <div className="jp-LlamaAssist-answer jp-mod-plain">{turn.text}</div> : null;
}

/** A link must not take JupyterLab's own page away, nor tell the target where it was clicked. */
function openLinkElsewhere(event: React.MouseEvent): void {
  const link = (event.target as Element).closest('a[href]');
  if (link) {
    event.preventDefault();
    window.open(link.getAttribute('href') ?? '', '_blank', 'noopener,noreferrer');
  }
}
