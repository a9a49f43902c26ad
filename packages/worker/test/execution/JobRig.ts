import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Clock, DependencyState, JobEvent, JobOutcome, JobRequest } from '@xx-pipeline/common';
import { jobRequest, ManualClock } from '@xx-pipeline/testing';
import {
  type JobArtifacts,
  type JobExecutor,
  JobRunner,
  type JobRunnerParts,
  type PreparedJob,
  type RunJobOptions,
  type ScriptedBehaviour,
  ScriptedExecutor,
} from '../../src/execution/index.ts';

/** Archives in memory, whole or not at all. */
export class MemoryArtifacts implements JobArtifacts {
  readonly stored = new Map<string, Buffer>();
  /** Who fetched, in order. */
  readonly readers: string[] = [];

  async save(owner: { jobId: string; name: string }, archive: AsyncIterable<Uint8Array>) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of archive) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    this.stored.set(owner.jobId, bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { name: owner.name, path: owner.jobId, size: bytes.length, sha256 };
  }

  async open(jobId: string, readerId: string): Promise<AsyncIterable<Uint8Array> | null> {
    this.readers.push(readerId);
    const bytes = this.stored.get(jobId);
    return bytes === undefined ? null : pieces(bytes);
  }
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 1000) yield bytes.subarray(start, start + 1000);
}

/** What a job told, and how it can be stopped. */
export class FollowedJob {
  readonly events: JobEvent[] = [];
  readonly cancel = new AbortController();
  readonly kill = new AbortController();
  slots = 0;

  get phases(): string[] {
    return this.events.flatMap((event) => (event.type === 'phase' ? [event.phase] : []));
  }

  get warnings(): string[] {
    return this.events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
  }

  get commands(): number[] {
    return this.events.flatMap((event) => (event.type === 'command' ? [event.index] : []));
  }

  /** The log's text, of one stream or of all. */
  log(stream?: string): string {
    const chunks = this.events.flatMap((event) => (event.type === 'log' ? [event.chunk] : []));
    const bytes = chunks.filter((chunk) => stream === undefined || chunk.stream === stream).map((chunk) => chunk.bytes);
    return Buffer.concat(bytes).toString();
  }

  options(more: Partial<RunJobOptions> = {}): RunJobOptions {
    return {
      signal: this.cancel.signal,
      kill: this.kill.signal,
      onEvent: (event) => void this.events.push(event),
      acquireSlot: async () => {
        this.slots++;
        return () => {
          this.slots--;
        };
      },
      ...more,
    };
  }

  /** What holds for every attempt, however it ended. */
  assertWellFormed(outcome: JobOutcome): void {
    const finished = this.events.filter((event) => event.type === 'finished');
    assert.equal(finished.length, 1);
    assert.equal(this.events.at(-1), finished[0]);
    assert.deepEqual(finished[0]?.type === 'finished' && finished[0].outcome, outcome);
    assert.equal(this.slots, 0, 'the slot was not given back');
    assert.equal(outcome.status === 'SUCCESS', outcome.failureReason === null);
    assert.ok(Object.values(outcome.timings).every((ms) => ms >= 0));
  }
}

/** A runner over the scripted executor (or another one) with everything around it in memory. */
export class JobRig {
  readonly clock = new ManualClock(1_000_000);
  readonly artifacts = new MemoryArtifacts();
  readonly scripted: ScriptedExecutor;
  readonly runner: JobRunner;
  dependencies: (jobId: string) => readonly DependencyState[] = () => [];

  constructor(
    options: { behave?: ScriptedBehaviour; executor?: JobExecutor; clock?: Clock } & Partial<JobRunnerParts> = {},
  ) {
    const { behave, ...parts } = options;
    this.scripted = new ScriptedExecutor({ clock: this.clock, behave: () => behave ?? {}, traits: { queues: true } });
    this.runner = new JobRunner({
      executor: this.scripted,
      clock: this.clock,
      artifacts: this.artifacts,
      dependencies: { getDependencies: async (jobId) => this.dependencies(jobId) },
      ...parts,
    });
  }

  /** Begins a job; `script` may be all that is said about it. */
  start(
    request: Partial<JobRequest>,
    more: Partial<RunJobOptions> = {},
  ): { job: FollowedJob; done: Promise<JobOutcome> } {
    const job = new FollowedJob();
    const done = this.runner.runJob(jobRequest(request), job.options(more));
    return { job, done };
  }

  /** Runs a job to its end on the rig's own clock and checks what holds for every one. */
  async run(
    request: Partial<JobRequest>,
    more: Partial<RunJobOptions> = {},
  ): Promise<{ job: FollowedJob; outcome: JobOutcome }> {
    const { job, done } = this.start(request, more);
    const outcome = await this.clock.runUntil(done);
    job.assertWellFormed(outcome);
    this.scripted.assertNothingLeft();
    return { job, outcome };
  }

  prepare(request: Partial<JobRequest>): PreparedJob {
    return this.runner.prepare(jobRequest(request));
  }
}
