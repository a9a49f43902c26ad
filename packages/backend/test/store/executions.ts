import { randomUUID } from 'node:crypto';
import type { JobExecution, JobPlan, PipelineExecution, PipelinePlan } from '@xx-pipeline/common';
import { localPrincipal } from '@xx-pipeline/common';
import { createPipelineExecution } from '@xx-pipeline/pipeline-language';
import { jobPlan, testPlan } from '@xx-pipeline/testing';
import type { Stores } from '../../src/open-stores.ts';
import type {
  Assignment,
  ExecutionChange,
  ExecutionDefinition,
  LockedExecution,
} from '../../src/store/ExecutionStore.ts';

/** What a test says about an execution it makes. */
export interface Wanted {
  readonly repository?: string;
  readonly pipeline?: string;
  readonly idempotencyKey?: string;
  readonly jobs?: readonly string[];
  /** When it was created, ms. */
  readonly at?: number;
  /** Its jobs wait for a worker at once. */
  readonly pending?: boolean;
  readonly delaySeconds?: number;
}

/** Stores a new execution with one stage. */
export async function createExecution(
  { executions }: Pick<Stores, 'executions'>,
  wanted: Wanted = {},
): Promise<PipelineExecution> {
  return (await createOrFind({ executions }, wanted)).execution;
}

/** The same, and whether it was new. */
export function createOrFind(
  { executions }: Pick<Stores, 'executions'>,
  wanted: Wanted = {},
): Promise<{ execution: PipelineExecution; isNew: boolean }> {
  const { repository = 'https://example.org/app.git', pipeline = 'app' } = wanted;
  return executions.create((runNumber) => makeExecution(wanted, runNumber), {
    repository,
    pipeline,
    idempotencyKey: wanted.idempotencyKey ?? null,
  });
}

/** An execution as a service would make it. */
function makeExecution(
  wanted: Wanted,
  runNumber: number,
): { execution: PipelineExecution; definition: ExecutionDefinition } {
  const { repository = 'https://example.org/app.git', pipeline = 'app', jobs = ['one', 'two'], at = 1000 } = wanted;
  const plan = makePlan(jobs, wanted.delaySeconds);
  const createdAt = new Date(at).toISOString();
  const execution = createPipelineExecution(plan, {
    id: randomUUID(),
    pipelineName: pipeline,
    source: { repository, branch: 'main', commit: null, dirty: false },
    runNumber,
    trigger: 'api',
    createdBy: localPrincipal,
    createdAt,
    ids: { next: () => randomUUID() },
  });
  const waiting = (job: JobExecution): JobExecution => ({
    ...job,
    status: 'PENDING',
    eligibleAt: createdAt,
    notBefore: wanted.delaySeconds === undefined ? null : new Date(at + wanted.delaySeconds * 1000).toISOString(),
  });
  return {
    execution: wanted.pending === true ? { ...execution, jobs: execution.jobs.map(waiting) } : execution,
    definition: { plan, source: { kind: 'empty' }, predefined: { CI: 'true' }, variables: [] },
  };
}

function makePlan(jobs: readonly string[], delaySeconds: number | undefined): PipelinePlan {
  const delayed: Partial<JobPlan> = delaySeconds === undefined ? {} : { when: 'delayed', startIn: delaySeconds };
  return testPlan(...jobs.map((name) => jobPlan(name, 'test', { tags: ['linux'], ...delayed })));
}

/** An assignment of a job's first attempt. */
export function assignmentTo(workerId: string, jobId: string, more: Partial<Assignment> = {}): Assignment {
  const tokenHash = 'a'.repeat(64);
  return { jobId, attempt: 1, workerId, tokenHash, accepted: false, leaseUntil: 1000, cancelRequested: false, ...more };
}

/** Gives a job to a worker unless somebody has it; tells whether it did. */
export function assign(
  { executions }: Pick<Stores, 'executions'>,
  executionId: string,
  assignment: Assignment,
): Promise<boolean | null> {
  return executions.change(executionId, (current) => {
    if (current.assignments.has(assignment.jobId)) return null;
    return withAssignments(current, new Map(current.assignments).set(assignment.jobId, assignment));
  });
}

/** Nothing but other assignments. */
export function withAssignments(
  current: LockedExecution,
  assignments: ReadonlyMap<string, Assignment>,
): ExecutionChange<boolean> {
  return { execution: current.execution, assignments, events: [], result: true };
}

/** One more event, and a job whose waiting reason counts the changes: what concurrent changes would lose. */
export function countUp({ execution, assignments }: LockedExecution, jobId: string): ExecutionChange<number> {
  const position = execution.jobs.findIndex(({ id }) => id === jobId);
  const job = execution.jobs[position];
  if (job === undefined) throw new Error(`no job ${jobId}`);
  const count = Number(job.waitingReason ?? 0) + 1;
  const changed = { ...job, waitingReason: String(count) };
  return {
    execution: { ...execution, jobs: execution.jobs.with(position, changed) },
    assignments,
    events: [{ type: 'job-changed', data: { count } }],
    result: count,
  };
}

/** An element that is there. */
export function at<T>(list: readonly T[], index: number): T {
  const element = list.at(index);
  if (element === undefined) throw new Error(`nothing at ${index}`);
  return element;
}
