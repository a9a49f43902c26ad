import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Connection } from '@xx-pipeline/client';
import { type PipelineExecution, type PipelinePlan, systemClock } from '@xx-pipeline/common';
import { pipelineVariables, projectFacts } from '@xx-pipeline/pipeline-language';
import { type GitCall, isRemoteUrl, type OpenSource, type RepositoryFacts, sourceInfo } from '@xx-pipeline/source';

import { applyRunOptions } from '../run/apply-run-options.ts';
import { maskPlan } from '../run/mask-plan.ts';
import { pipelineFacts, pipelineName } from '../run/pipeline-facts.ts';
import type { RunOptions } from '../run/run-options.ts';
import type { BackendApiClient } from './BackendApiClient.ts';
import { makeSnapshot, type Snapshot } from './snapshot/make-snapshot.ts';
import { sendSnapshot } from './snapshot/send-snapshot.ts';

/** A run to be sent to a server. */
export interface NewRun {
  readonly plan: PipelinePlan;
  /** Manual jobs of it that start by themselves. */
  readonly playedJobs: ReadonlySet<string>;
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
  run: NewRun,
  client: BackendApiClient,
  connections: { readonly upload: Connection; readonly create: Connection },
): Promise<{ readonly execution: PipelineExecution; readonly plan: PipelinePlan }> {
  const { options, source, facts } = run;
  const createdAt = systemClock.now();
  const info = { ...sourceInfo(source.location, facts), dirty: await source.dirty };
  // The number, and what else only the server knows, it sets itself.
  const variablesOf = (name: string | null) =>
    pipelineVariables(pipelineFacts(source.location, facts, { createdAt, runNumber: 0, name }));
  const given = Object.fromEntries(options.variables.map(({ name, value, secret }) => [name, secret ? '' : value]));
  const pipeline = pipelineName(run.plan.name, { ...variablesOf(null), ...given }, projectFacts(info.repository).name);
  const plan = maskPlan(applyRunOptions(run.plan, options), options.variables);
  const body = {
    pipeline: pipeline.slice(0, 255),
    plan,
    source: await sendSource(run, client, connections.upload),
    sourceInfo: info,
    predefined: variablesOf(pipeline),
    variables: [...options.variables],
    trigger: 'cli',
    playedJobs: [...run.playedJobs],
  };
  connections.upload.signal.throwIfAborted();
  const headers = { 'idempotency-key': randomUUID() };
  const create = (signal: AbortSignal) => client.api.createExecution({ body }, { signal, headers });
  const created = await connections.create.call(create);
  return { execution: created.body, plan };
}

type SourceOfRun = { readonly kind: 'snapshot'; readonly id: string } | GitSource;
type GitSource = { readonly kind: 'git'; readonly url: string; readonly commit: string };

async function sendSource(run: NewRun, client: BackendApiClient, connection: Connection): Promise<SourceOfRun> {
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
