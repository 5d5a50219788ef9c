// Drives a language server as VS Code's own library does, and prints what it answered as one JSON object.
// usage: node drive.cjs COMMAND [ARGUMENT...]
'use strict';

const { spawn } = require('node:child_process');
const { createRequire } = require('node:module');
const path = require('node:path');

const load = createRequire(path.join(process.env.NODE_PACKAGES || __dirname, 'index.js'));
const rpc = load('vscode-jsonrpc/node');
const lsp = load('vscode-languageserver-protocol/node');

const FILE = 'file:///home/ada/mean.py';
const BOOK = 'file:///home/ada/book.ipynb';
const cell = name => `vscode-notebook-cell:/home/ada/book.ipynb#${name}`;
const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));

async function main() {
  const [command, ...rest] = process.argv.slice(2);
  const server = spawn(command, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  const connection = lsp.createProtocolConnection(
    new rpc.StreamMessageReader(server.stdout),
    new rpc.StreamMessageWriter(server.stdin)
  );
  const seen = { messages: [], edits: [], progress: [] };
  connection.onNotification(lsp.ShowMessageNotification.type, params => seen.messages.push(params.message));
  connection.onRequest(lsp.WorkDoneProgressCreateRequest.type, params => {
    connection.onProgress(lsp.WorkDoneProgress.type, params.token, value => seen.progress.push(value.kind));
  });
  connection.onRequest(lsp.ApplyWorkspaceEditRequest.type, params => {
    seen.edits.push(params.edit);
    return { applied: true };
  });
  connection.listen();

  const { capabilities } = await connection.sendRequest(lsp.InitializeRequest.type, {
    processId: process.pid,
    rootUri: 'file:///home/ada',
    workspaceFolders: [{ uri: 'file:///home/ada', name: 'work' }],
    capabilities: {
      general: { positionEncodings: ['utf-16'] },
      textDocument: { inlineCompletion: { dynamicRegistration: true }, synchronization: {}, codeAction: {} },
      notebookDocument: { synchronization: { executionSummarySupport: true } },
      workspace: { applyEdit: true, workspaceEdit: { documentChanges: true } },
      window: { workDoneProgress: true }
    },
    initializationOptions: { candidates: 2 }
  });
  await connection.sendNotification(lsp.InitializedNotification.type, {});

  const inline = (uri, line, character, token) =>
    connection.sendRequest(
      lsp.InlineCompletionRequest.type,
      {
        textDocument: { uri },
        position: { line, character },
        context: { triggerKind: lsp.InlineCompletionTriggerKind.Invoked }
      },
      token
    );

  await connection.sendNotification(lsp.DidOpenTextDocumentNotification.type, {
    textDocument: { uri: FILE, languageId: 'python', version: 1, text: 'def mean(total, count):\n    """🙂"""\n    x\n' }
  });
  await connection.sendNotification(lsp.DidChangeTextDocumentNotification.type, {
    textDocument: { uri: FILE, version: 2 },
    contentChanges: [
      { range: { start: { line: 2, character: 4 }, end: { line: 2, character: 5 } }, text: 'return ' },
      { range: { start: { line: 1, character: 7 }, end: { line: 1, character: 9 } }, text: 'é' }
    ]
  });
  const file = await inline(FILE, 2, 11);
  const accepted = file.items[0].command;
  await connection.sendRequest(lsp.ExecuteCommandRequest.type, {
    command: accepted.command,
    arguments: accepted.arguments
  });

  await connection.sendNotification(lsp.DidOpenNotebookDocumentNotification.type, {
    notebookDocument: {
      uri: BOOK,
      notebookType: 'jupyter-notebook',
      version: 1,
      cells: [
        { kind: lsp.NotebookCellKind.Markup, document: cell('a') },
        { kind: lsp.NotebookCellKind.Code, document: cell('b'), executionSummary: { executionOrder: 3, success: true } }
      ]
    },
    cellTextDocuments: [
      { uri: cell('a'), languageId: 'markdown', version: 1, text: '# Prices' },
      { uri: cell('b'), languageId: 'python', version: 1, text: 'prices = [1, 2]' }
    ]
  });
  await connection.sendNotification(lsp.DidChangeNotebookDocumentNotification.type, {
    notebookDocument: { uri: BOOK, version: 2 },
    change: {
      cells: {
        structure: {
          array: { start: 2, deleteCount: 0, cells: [{ kind: lsp.NotebookCellKind.Code, document: cell('c') }] },
          didOpen: [{ uri: cell('c'), languageId: 'python', version: 1, text: '' }]
        }
      }
    }
  });
  await connection.sendNotification(lsp.DidChangeNotebookDocumentNotification.type, {
    notebookDocument: { uri: BOOK, version: 3 },
    change: {
      cells: {
        textContent: [
          {
            document: { uri: cell('c'), version: 2 },
            changes: [{ range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }, text: 'sum(' }]
          }
        ]
      }
    }
  });
  const last = await inline(cell('c'), 0, 4);

  const source = new rpc.CancellationTokenSource();
  const cancelled = inline(FILE, 0, 0, source.token).then(
    () => 0,
    error => error.code
  );
  await pause(Number(process.env.CANCEL_AFTER_MS || 300));
  source.cancel();
  const cancelCode = await cancelled;

  const range = { start: { line: 0, character: 5 }, end: { line: 0, character: 5 } };
  const actions = await connection.sendRequest(lsp.CodeActionRequest.type, {
    textDocument: { uri: FILE },
    range,
    context: {
      diagnostics: [{ range, message: 'mean is wrong', source: 'test' }],
      only: [lsp.CodeActionKind.QuickFix]
    }
  });
  await connection.sendRequest(lsp.ExecuteCommandRequest.type, {
    command: actions[0].command.command,
    arguments: actions[0].command.arguments
  });
  await connection.sendNotification(lsp.DidCloseNotebookDocumentNotification.type, {
    notebookDocument: { uri: BOOK },
    cellTextDocuments: [{ uri: cell('c') }]
  });
  const gone = await inline(cell('c'), 0, 0);

  const ended = new Promise(resolve => server.on('exit', resolve));
  await connection.sendRequest(lsp.ShutdownRequest.type);
  await connection.sendNotification(lsp.ExitNotification.type);
  const exitCode = await ended;
  console.log(JSON.stringify({ capabilities, file, last, cancelCode, actions, gone, exitCode, ...seen }));
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
