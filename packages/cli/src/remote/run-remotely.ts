import { Connection, RemoteRunFollower } from '@xx-pipeline/client';
import { messageOf, type PipelineExecution, type PipelinePlan, systemClock } from '@xx-pipeline/common';
import { maskText } from '@xx-pipeline/pipeline-language';
import type { OpenSource } from '@xx-pipeline/source';
import type { CommandInput, CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { refuseOptions } from '../io/options.ts';
import { visible } from '../render/ansi.ts';
import { createRunRenderer } from '../render/create-run-renderer.ts';
import { formatData } from '../render/data-text.ts';
import { printNote } from '../render/print-note.ts';
import { checkForRun } from '../run/check-for-run.ts';
import { exitCodeOfRun } from '../run/exit-code-of-run.ts';
import { makeRunOf } from '../run/make-run.ts';
import type { RunOptions } from '../run/run-options.ts';
import { BackendApiClient } from './BackendApiClient.ts';
import { createExecution, gitSource, takeSnapshot } from './create-execution.ts';
import { withExplainedErrors } from './explain-api-error.ts';
import { findServer } from './find-server.ts';

/** How long a server may be away: while a run is sent, and while it is followed (it goes on without us). */
const sendBudgetMs = 30_000;
const followBudgetMs = 10 * 60_000;

/** Options that say how this machine runs jobs. */
const localOnly = ['jobs', 'workspace'] as const;

/** What the command was given, opened. */
interface RemoteRunInput {
  readonly options: RunOptions;
  readonly source: OpenSource;
  readonly home: string;
}

/** `xx run` without `--local`. Reports unsuitable options and a missing server before it opens anything. */
export async function runOnServer(
  input: CommandInput,
  options: RunOptions,
  open: () => Promise<{ readonly source: OpenSource; readonly home: string }>,
  io: CommandIo,
): Promise<ExitCode> {
  refuseOptions(input, localOnly, 'applies to local runs only: leave it out, or add --local');
  const client = new BackendApiClient(findServer(input, io));
  try {
    const { source, home } = await open();
    try {
      const detach = input.options['detach'] === true;
      return await withExplainedErrors(client, () => runRemotely({ options, source, home }, client, detach, io));
    } finally {
      await source.close();
    }
  } finally {
    client.close();
  }
}

/** `xx run` on a server: checked here exactly as a local run is, sent, and followed to its end. */
async function runRemotely(
  { options, source, home }: RemoteRunInput,
  client: BackendApiClient,
  detach: boolean,
  io: CommandIo,
): Promise<ExitCode> {
  // An unreachable server is reported before the snapshot is complete: both are started at the same time.
  const greeting = client.api.version({}, { signal: io.interrupted });
  greeting.catch(() => {});
  const { facts, problem } = await source.facts;
  if (problem !== null) printNote(io.stderr, problem);
  const over = new AbortController();
  const call = { env: io.env, signal: AbortSignal.any([io.interrupted, over.signal]) };
  const take = (fresh: boolean) => takeSnapshot(source, home, call, fresh);
  const snapshot = gitSource(options, facts) === null ? take(false) : Promise.reject(unused);
  snapshot.catch(() => {});
  try {
    const checked = await checkForRun(options, source, facts, io);
    if (checked.plan === null) {
      const { printNotCreated } = await import('../run/load-plan.ts');
      return await printNotCreated(checked.notCreated ?? 'it has no jobs', options.format, io);
    }
    const run = makeRunOf(checked.plan, source.location, facts, options);
    await greeting;
    void snapshot.then(
      ({ notes }) => {
        for (const note of notes) printNote(io.stderr, note);
      },
      () => {},
    );
    const toSend = { run, options, source, facts, snapshot, takeAgain: () => take(true) };
    const created = await createExecution(toSend, client, sendingConnections(io));
    if (detach) return await printDetached(created.execution, options, io);
    return await followRun(created, { options, client, io });
  } finally {
    over.abort();
    await snapshot.catch(() => {});
  }
}

/** Until the run is requested, Ctrl-C just stops; from then on there may be a run to cancel. */
function sendingConnections(io: CommandIo): { readonly upload: Connection; readonly create: Connection } {
  const connect = (signal: AbortSignal) =>
    new Connection({
      clock: systemClock,
      signal,
      onNotice: (message) => void printNote(io.stderr, message),
      budgetMs: sendBudgetMs,
    });
  return { upload: connect(io.interrupted), create: connect(io.killed) };
}

const unused = new Error('no snapshot is needed');

async function printDetached(execution: PipelineExecution, options: RunOptions, io: CommandIo): Promise<ExitCode> {
  const { format } = options;
  if (format === 'text') {
    io.stdout.write(`${execution.id}\n`);
    const name = `${visible(execution.pipeline)} #${execution.runNumber}`;
    io.stderr.write(`${name} created; follow it with: xx logs ${execution.id} -f\n`);
  } else {
    io.stdout.write(format === 'ndjson' ? `${JSON.stringify(execution)}\n` : await formatData(execution, format));
  }
  return ExitCode.success;
}

interface FollowInput {
  readonly options: RunOptions;
  readonly client: BackendApiClient;
  readonly io: CommandIo;
}

async function followRun(
  created: { readonly execution: PipelineExecution; readonly plan: PipelinePlan },
  { options, client, io }: FollowInput,
): Promise<ExitCode> {
  const renderer = createRunRenderer({ format: options.format, io });
  const notice = (message: string) => void renderer.event({ type: 'notice', message });
  const over = new AbortController();
  const connection = new Connection({
    clock: systemClock,
    // The second Ctrl-C stops following: the run ends on the server.
    signal: AbortSignal.any([io.killed, over.signal]),
    onNotice: notice,
    budgetMs: followBudgetMs,
  });
  const { id } = created.execution;
  const cancel = () => {
    notice('canceling the run and waiting for its end; Ctrl-C again stops waiting');
    const body = { reason: messageOf(io.interrupted.reason) };
    connection
      .call((signal) => client.api.cancelExecution({ params: { id }, body }, { signal }))
      .catch((error: unknown) => {
        if (!connection.signal.aborted) notice(`cannot cancel the run: ${messageOf(error)}`);
      });
  };
  if (io.interrupted.aborted) cancel();
  else io.interrupted.addEventListener('abort', cancel, { once: true });
  const follower = new RemoteRunFollower({
    ...created,
    backend: client,
    connection,
    mask: (command) => maskText(command, options.variables),
    emit: (event) => renderer.event(event),
  });
  try {
    const { execution } = await follower.run();
    return exitCodeOfRun(execution, io, `xx play ${execution.id} JOB`);
  } catch (error) {
    renderer.close();
    io.stderr.write(`the run continues on the server: xx status ${id}\n`);
    throw error;
  } finally {
    over.abort();
    io.interrupted.removeEventListener('abort', cancel);
    renderer.close();
  }
}
