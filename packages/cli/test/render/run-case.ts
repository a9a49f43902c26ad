import type { RunEvent } from '@xx-pipeline/client';
import {
  buildReport,
  type FailureReason,
  type JobAttempt,
  type JobEvent,
  type JobExecution,
  type JobPhase,
  type LogStream,
  type PipelineExecution,
  type PipelinePlan,
} from '@xx-pipeline/common';

/** A run in short form, as the files in `cases/` have it. */
export interface RunCase {
  readonly pipeline: string;
  readonly jobs: readonly {
    readonly name: string;
    readonly stage: string;
    readonly image?: string;
    readonly when?: string;
  }[];
  readonly excluded?: number;
  readonly steps: readonly Step[];
  readonly status: JobExecution['status'];
  readonly warnings?: boolean;
  readonly reason?: string;
}

/** What happens next. Times are milliseconds since the start; a step without one happens with the step before. */
export type Step =
  | { readonly at?: number; readonly start: string }
  | { readonly at?: number; readonly phase: JobPhase; readonly job: string }
  | { readonly at?: number; readonly command: string; readonly job: string }
  | {
      readonly at?: number;
      readonly log: string;
      readonly job: string;
      readonly stream?: LogStream;
      readonly repeat?: number;
    }
  | {
      readonly at?: number;
      readonly pull: string;
      readonly job: string;
      readonly current: number;
      readonly total: number;
    }
  | { readonly at?: number; readonly warning: string; readonly job: string }
  | { readonly at?: number; readonly notice: string }
  | {
      readonly at?: number;
      readonly finish: string;
      readonly status: 'SUCCESS' | 'FAILED' | 'CANCELED';
      readonly exitCode?: number;
      readonly failureReason?: FailureReason;
      readonly failureMessage?: string;
      readonly allowFailure?: boolean;
      readonly retry?: boolean;
      readonly pullMs?: number;
    }
  | { readonly at?: number; readonly skip: string; readonly reason: string }
  | { readonly at?: number; readonly manual: string; readonly reason: string };

/** When every case begins. */
export const caseStart = Date.parse('2026-01-02T03:04:05.000Z');

/** An event and when it happens. */
export interface TimedEvent {
  readonly at: number;
  readonly event: RunEvent;
}

/** Writes a short form out into the events a runner would have sent. */
export function* expandCase(runCase: RunCase): Generator<TimedEvent> {
  const records = new Map<string, JobExecution>(
    runCase.jobs.map((job, index) => [
      job.name,
      {
        id: `job-${index + 1}`,
        name: job.name,
        stage: job.stage,
        status: 'CREATED',
        allowFailure: false,
        waitingReason: null,
        image: job.image ?? 'busybox:latest',
        eligibleAt: null,
        notBefore: null,
        lastAction: null,
        attempts: [],
      },
    ]),
  );
  let now = 0;
  yield {
    at: now,
    event: {
      type: 'run-started',
      execution: execution(runCase, records, null),
      plan: plan(runCase),
      directory: '/home/ann/.xx-pipeline/reports/p/3',
    },
  };
  for (const step of runCase.steps) {
    now = step.at ?? now;
    for (const event of expandStep(step, records, now)) {
      yield { at: now, event };
    }
  }
  const final = execution(runCase, records, now);
  yield { at: now, event: { type: 'run-finished', execution: final, report: buildReport(final) } };
}

const iso = (ms: number): string => new Date(caseStart + ms).toISOString();

function* expandStep(step: Step, records: Map<string, JobExecution>, now: number): Generator<RunEvent> {
  const at = caseStart + now;
  const record = (name: string): JobExecution => {
    const found = records.get(name);
    if (found === undefined) {
      throw new Error(`the case has no job ${name}`);
    }
    return found;
  };
  const change = (name: string, changes: Partial<JobExecution>): RunEvent => {
    const job = { ...record(name), ...changes };
    records.set(name, job);
    return { type: 'job-changed', job };
  };
  const jobEvent = (name: string, event: JobEvent): RunEvent => {
    const { id, attempts } = record(name);
    return { type: 'job-event', jobId: id, jobName: name, attempt: Math.max(1, attempts.length), event };
  };
  if ('notice' in step) {
    yield { type: 'notice', message: step.notice };
  } else if ('start' in step) {
    const { attempts } = record(step.start);
    yield change(step.start, { status: 'PENDING', eligibleAt: iso(now) });
    yield change(step.start, {
      status: 'RUNNING',
      attempts: [...attempts, newAttempt(step.start, attempts.length + 1, now)],
    });
  } else if ('phase' in step) {
    yield jobEvent(step.job, { type: 'phase', phase: step.phase, at });
  } else if ('command' in step) {
    yield jobEvent(step.job, { type: 'command', index: 0, text: step.command, at });
    const bytes = Buffer.from(`\x1b[32;1m$ ${step.command}\x1b[0m\n`);
    yield jobEvent(step.job, { type: 'log', chunk: { stream: 'runner', at, bytes } });
  } else if ('log' in step) {
    const text = Array.from({ length: step.repeat ?? 1 }, (_, index) =>
      step.log.replaceAll('{n}', String(index + 1)),
    ).join('');
    yield jobEvent(step.job, { type: 'log', chunk: { stream: step.stream ?? 'stdout', at, bytes: Buffer.from(text) } });
  } else if ('pull' in step) {
    yield jobEvent(step.job, { type: 'pull-progress', image: step.pull, current: step.current, total: step.total, at });
  } else if ('warning' in step) {
    yield jobEvent(step.job, { type: 'warning', message: step.warning, at });
    const bytes = Buffer.from(`WARNING: ${step.warning}\n`);
    yield jobEvent(step.job, { type: 'log', chunk: { stream: 'runner', at, bytes } });
  } else if ('skip' in step) {
    yield change(step.skip, { status: 'SKIPPED', waitingReason: step.reason });
  } else if ('manual' in step) {
    yield change(step.manual, { status: 'MANUAL', waitingReason: step.reason });
  } else {
    const { attempts } = record(step.finish);
    const last = attempts.at(-1) ?? newAttempt(step.finish, 1, now);
    const ended: JobAttempt = {
      ...last,
      status: step.status,
      exitCode: step.exitCode ?? (step.status === 'SUCCESS' ? 0 : null),
      failureReason: step.status === 'FAILED' ? (step.failureReason ?? 'script_failure') : null,
      failureMessage: step.failureMessage ?? null,
      completedAt: iso(now),
      timings: { ...last.timings, pull: step.pullMs ?? 0 },
    };
    const { failureReason, failureMessage, exitCode, timings, artifacts } = ended;
    yield jobEvent(step.finish, {
      type: 'finished',
      at,
      outcome: { status: step.status, exitCode, failureReason, failureMessage, timings, artifacts },
    });
    yield change(step.finish, {
      status: step.retry === true ? 'PENDING' : step.status,
      allowFailure: step.allowFailure ?? false,
      attempts: [...attempts.slice(0, -1), ended],
    });
  }
}

const newAttempt = (job: string, number: number, now: number): JobAttempt => ({
  number,
  status: 'RUNNING',
  failureReason: null,
  failureMessage: null,
  exitCode: null,
  startedAt: iso(now),
  completedAt: null,
  timings: { queue: 0, pull: 0, prepare: 0, script: 0, artifacts: 0 },
  artifacts: [],
  log: `logs/${job.replaceAll(/[^\w]/g, '-')}.${number}.log`,
});

function execution(runCase: RunCase, records: Map<string, JobExecution>, end: number | null): PipelineExecution {
  const names = [...new Set(runCase.jobs.map((job) => job.stage))];
  const status = end === null ? 'RUNNING' : runCase.status;
  return {
    id: 'run-1',
    pipeline: runCase.pipeline,
    source: { repository: 'https://git.example/ann/p', branch: 'main', commit: '3f2c91a0'.repeat(5), dirty: true },
    runNumber: 3,
    trigger: 'local',
    status,
    warnings: runCase.warnings ?? false,
    reason: end === null ? null : (runCase.reason ?? null),
    createdBy: null,
    cancellation: null,
    lastRetry: null,
    createdAt: iso(0),
    startedAt: iso(0),
    completedAt: end === null ? null : iso(end),
    stages: names.map((name) => ({
      name,
      status,
      warnings: false,
      startedAt: iso(0),
      completedAt: end === null ? null : iso(end),
    })),
    jobs: [...records.values()],
  };
}

function plan(runCase: RunCase): PipelinePlan {
  const names = [...new Set(runCase.jobs.map((job) => job.stage))];
  const stages = names.map((name) => ({
    name,
    jobs: runCase.jobs
      .filter((job) => job.stage === name)
      .map((job) => ({ ...job, needs: null, when: job.when ?? 'on_success' })),
  }));
  const excluded = Array.from({ length: runCase.excluded ?? 0 }, (_, index) => ({ name: `out-${index}` }));
  // Only what renderers look at.
  return { schemaVersion: 1, name: runCase.pipeline, stages, excluded, variables: {} } as unknown as PipelinePlan;
}
