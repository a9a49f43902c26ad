import type { JobPlan } from '@xx-pipeline/common';
import type { VariableLayer } from '../variables/expand-variables.ts';
import { slug } from './slug.ts';

/** Where every job finds its files. */
export const workspace = '/workspace';

/** What is known of one attempt of a job. */
export interface AttemptFacts {
  readonly jobId: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Seconds. */
  readonly timeout: number;
  /** A person started it. */
  readonly manual: boolean;
  /** Number of the slot it runs in, from 0. */
  readonly slot: number;
}

/** What runs the job. */
export interface RunnerFacts {
  readonly id: string;
  readonly description: string;
  readonly version: string;
  readonly revision?: string;
  /** `linux/amd64`. */
  readonly architecture?: string;
  readonly tags?: readonly string[];
}

/** Variables of one job that the file may override. */
export function weakJobVariables(job: JobPlan, attempt: AttemptFacts): VariableLayer {
  const facts: Record<string, string> = {
    CI_JOB_ID: attempt.jobId,
    CI_JOB_NAME: job.name,
    CI_JOB_NAME_SLUG: slug(job.name),
    CI_JOB_GROUP_NAME: groupName(job.name),
    CI_JOB_STAGE: job.stage,
    CI_JOB_STATUS: 'running',
    CI_JOB_STARTED_AT: attempt.startedAt,
    CI_JOB_TIMEOUT: String(attempt.timeout),
    CI_NODE_TOTAL: String(job.parallel?.total ?? 1),
    CI_PROJECT_DIR: workspace,
    CI_BUILDS_DIR: '/',
    CI_SERVER: 'yes',
    CI_CONCURRENT_ID: String(attempt.slot),
    CI_CONCURRENT_PROJECT_ID: String(attempt.slot),
    ...(attempt.manual ? { CI_JOB_MANUAL: 'true' } : {}),
    ...(job.parallel === null ? {} : { CI_NODE_INDEX: String(job.parallel.index) }),
  };
  return { ...rawLayer(facts), CI_JOB_IMAGE: { value: job.image.name } };
}

/** Variables of the runner that nothing overrides. */
export function runnerVariables(runner: RunnerFacts): VariableLayer {
  return rawLayer({
    CI_DISPOSABLE_ENVIRONMENT: 'true',
    CI_RUNNER_ID: runner.id,
    CI_RUNNER_DESCRIPTION: runner.description,
    CI_RUNNER_VERSION: runner.version,
    CI_RUNNER_TAGS: JSON.stringify(runner.tags ?? []),
    ...(runner.revision === undefined ? {} : { CI_RUNNER_REVISION: runner.revision }),
    ...(runner.architecture === undefined ? {} : { CI_RUNNER_EXECUTABLE_ARCH: runner.architecture }),
  });
}

/** Facts are what they are: a `$` in a commit message is no reference. */
export function rawLayer(values: Readonly<Record<string, string>>): VariableLayer {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, raw: true }]));
}

/** The name without what `parallel` and people put behind it: ` 1/3`, `: [linux, 22]`. */
function groupName(name: string): string {
  let rest = name.trim();
  for (;;) {
    const shorter = rest.replace(/[\s:]+(?:\[[^[\]]*\]|\d+[\s:/\\]+\d+)$/, '').trimEnd();
    if (shorter === rest || shorter === '') return rest;
    rest = shorter;
  }
}
