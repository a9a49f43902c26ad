import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Connection } from '@xx-pipeline/client';
import { type PipelineExecution, type PipelinePlan, systemClock } from '@xx-pipeline/common';
import type { RepositoryFacts, Run } from '@xx-pipeline/pipeline-language';
import { type GitCall, isRemoteUrl, type OpenSource } from '@xx-pipeline/source';

import type { RunOptions } from '../run/run-options.ts';
import type { BackendApiClient } from './BackendApiClient.ts';
import { makeSnapshot, type Snapshot } from './snapshot/make-snapshot.ts';
import { sendSnapshot } from './snapshot/send-snapshot.ts';

/** A run to be sent to a server. */
export interface RunToSend {
  readonly run: Run;
  readonly options: RunOptions;
  readonly source: OpenSource;
  readonly facts: RepositoryFacts;
  /** Begun early, while the file was checked. */
  readonly snapshot: Promise<Snapshot>;
  /** Takes it again. */
  readonly takeAgain: () => Promise<Snapshot>;
}

/** Sends what a run needs, its files first. A lost answer makes no second run: every repeat has the same key. */
export async function createExecution(
  input: RunToSend,
  client: BackendApiClient,
  connections: { readonly upload: Connection; readonly create: Connection },
): Promise<{ readonly execution: PipelineExecution; readonly plan: PipelinePlan }> {
  const { run } = input;
  const body = {
    pipeline: run.name.slice(0, 255),
    plan: run.plan,
    source: await sendSource(input, client, connections.upload),
    sourceInfo: { ...run.sourceInfo, dirty: await input.source.dirty },
    // The server sets the number, and whatever else only it knows.
    predefined: run.predefined(0),
    variables: [...run.variables],
    trigger: 'cli',
    playedJobs: [...run.playedJobs],
  };
  connections.upload.signal.throwIfAborted();
  const headers = { 'idempotency-key': randomUUID() };
  const create = (signal: AbortSignal) => client.api.createExecution({ body }, { signal, headers });
  const created = await connections.create.call(create);
  return { execution: created.body, plan: run.plan };
}

type SourceOfRun = { readonly kind: 'snapshot'; readonly id: string } | GitSource;
type GitSource = { readonly kind: 'git'; readonly url: string; readonly commit: string };

async function sendSource(run: RunToSend, client: BackendApiClient, connection: Connection): Promise<SourceOfRun> {
  const git = gitSource(run.options, run.facts);
  if (git !== null) return git;
  const sent = await sendSnapshot(({ fresh }) => (fresh ? run.takeAgain() : run.snapshot), client, connection);
  return { kind: 'snapshot', id: sent.id };
}

/**
 * A repository that workers can fetch from themselves; null where files have to be sent: the working tree, a path of
 * this machine, an address with a password in it, which is not for others to keep.
 */
export function gitSource({ clone }: Pick<RunOptions, 'clone'>, facts: RepositoryFacts): GitSource | null {
  const url = clone?.repository;
  if (url === undefined || facts.commit === null || !isRemoteUrl(url)) return null;
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed?.protocol === 'file:') return null;
  if (parsed !== null && (parsed.password !== '' || (parsed.username !== '' && !/ssh:$/.test(parsed.protocol)))) {
    return null;
  }
  return { kind: 'git', url, commit: facts.commit.sha };
}

/** The tree of a run as it is now; `fresh` reads everything, whatever is remembered. */
export function takeSnapshot(
  { location, clonedFrom }: OpenSource,
  home: string,
  call: Omit<GitCall, 'cwd'>,
  fresh: boolean,
): Promise<Snapshot> {
  return makeSnapshot({
    root: location.root,
    isRepository: location.isRepository,
    // A clone is made for one run: what is remembered of it would never be asked for again.
    home: clonedFrom === null ? home : join(location.root, '..'),
    clock: systemClock,
    call,
    fresh,
  });
}
