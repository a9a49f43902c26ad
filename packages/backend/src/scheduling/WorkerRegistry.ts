import { type Clock, isoTime, isTerminal, type Result, success } from '@xx-pipeline/common';
import {
  type heartbeatAnswerSchema,
  type heartbeatSchema,
  type Problem,
  refused,
  type registeredWorkerSchema,
  type registerWorkerSchema,
  type reserveExecutionSchema,
  type workerSchema,
} from '@xx-pipeline/common/api';
import { hashToken } from '@xx-pipeline/service';
import type { z } from 'zod';
import type { JobExecutionService } from '../execution/JobExecutionService.ts';
import { heartbeatMs, leaseMs } from '../leases.ts';
import type { SecretBox } from '../secrets/SecretBox.ts';
import type { ExecutionStore } from '../store/ExecutionStore.ts';
import type { WorkerRecord, WorkerStore } from '../store/WorkerStore.ts';
import type { Backoff } from './Backoff.ts';
import type { Uptime } from './Uptime.ts';
import { sealPushToken } from './worker-address.ts';

/** A worker heard of within this time takes jobs, and no other process may take its identity. */
export const aliveMs = 2.5 * heartbeatMs;

/** Lost attempts whose reason is looked up for one heartbeat. */
const explainedLosses = 20;

/** What the registry works with. */
export interface RegistryParts {
  readonly store: ExecutionStore;
  readonly workers: WorkerStore;
  readonly jobs: JobExecutionService;
  readonly secrets: SecretBox;
  readonly clock: Clock;
  readonly backoff: Backoff;
  readonly uptime: Uptime;
  /** No other backend has this database. */
  readonly onlyBackend?: boolean;
  /** A worker has come, has come back or goes. */
  readonly onChange: () => void;
}

/** Who the workers are and whether they live. */
export class WorkerRegistry {
  readonly #parts: RegistryParts;

  constructor(parts: RegistryParts) {
    this.#parts = parts;
  }

  /** A worker says who it is; `conflict` while another process with its identity lives. */
  async register(
    input: z.infer<typeof registerWorkerSchema>,
  ): Promise<Result<z.infer<typeof registeredWorkerSchema>, Problem>> {
    const { workers, clock, secrets, backoff, onChange } = this.#parts;
    const { workerId, instanceId, previousInstanceId, name, slots, labels, version, url = null, pushToken } = input;
    const now = clock.now();
    const record: WorkerRecord = {
      id: workerId,
      instanceId,
      name,
      url,
      pushToken: pushToken === undefined ? null : sealPushToken(workerId, pushToken, secrets),
      slots,
      labels,
      version,
      draining: false,
      lastSeenAt: now,
    };
    const isHeir = previousInstanceId !== undefined && (await this.#find(workerId))?.instanceId === previousInstanceId;
    if (!(await workers.register(record, isHeir ? now : now - aliveMs))) {
      const detail =
        `another process speaks for worker ${workerId} and was heard of less than ${aliveMs / 1000} s ago: ` +
        'two processes must not share a state directory';
      return refused('conflict', detail);
    }
    backoff.succeeded(workerId);
    onChange();
    return success({
      workerId,
      heartbeatSeconds: heartbeatMs / 1000,
      leaseSeconds: leaseMs / 1000,
      onlyBackend: this.#parts.onlyBackend ?? false,
    });
  }

  /** A sign of life: renews leases, tells what to cancel and what is lost. */
  async heartbeat(
    input: z.infer<typeof heartbeatSchema>,
  ): Promise<Result<z.infer<typeof heartbeatAnswerSchema>, Problem>> {
    const { store, clock, uptime } = this.#parts;
    const { workerId, instanceId } = input;
    try {
      const alive = await this.seen(workerId, instanceId);
      if (!alive.ok) return alive;
      const claims = input.attempts.map(({ jobId, attempt, token }) => ({
        jobId,
        attempt,
        tokenHash: hashToken(token),
      }));
      const { renewed } = await store.renewLeases(workerId, claims, clock.now() + leaseMs);
      const held = new Set(renewed.map(({ jobId, attempt }) => `${jobId}/${attempt}`));
      const lost = input.attempts.filter(({ jobId, attempt }) => !held.has(`${jobId}/${attempt}`));
      return success({
        cancel: renewed
          .filter(({ cancelRequested }) => cancelRequested)
          .map(({ jobId, attempt }) => ({ jobId, attempt })),
        lost: await Promise.all(
          lost.map(async ({ jobId, attempt }, number) => ({
            jobId,
            attempt,
            reason: number < explainedLosses ? await this.#whyLost(jobId, attempt) : 'it is not the current attempt',
          })),
        ),
      });
    } catch (error) {
      // Whoever could not be heard is not to blame.
      uptime.interrupted();
      throw error;
    }
  }

  /** A sign of life without leases (a poll). */
  async seen(workerId: string, instanceId: string): Promise<Result<null, Problem>> {
    const { workers, clock } = this.#parts;
    const answer = await workers.seen(workerId, instanceId, clock.now());
    switch (answer) {
      case 'ok':
        return success(null);
      case 'unknown':
        return refused('not_found', `worker ${workerId} is not registered`);
      case 'other-instance':
        return refused('conflict', `another process speaks for worker ${workerId}`);
    }
  }

  /**
   * Gives a run to this worker alone, while it lives and takes jobs: nobody else gets another job of it. What others have
   * of it already they keep. Tells how many jobs have not ended.
   */
  async reserve(
    executionId: string,
    { workerId, instanceId }: z.infer<typeof reserveExecutionSchema>,
  ): Promise<Result<{ pipelineExecutionId: string; jobs: number }, Problem>> {
    const { workers, store, onChange } = this.#parts;
    const alive = await this.seen(workerId, instanceId);
    if (!alive.ok) return alive;
    const execution = (await store.find(executionId))?.execution;
    if (execution === undefined) return refused('not_found', `there is no pipeline execution ${executionId}`);
    if (isTerminal(execution.status)) return refused('conflict', `the run is over: it is ${execution.status}`);
    if ((await this.#find(workerId))?.draining === true) {
      return refused('conflict', 'the worker drains: it is to get no more jobs');
    }
    await workers.reserve(executionId, workerId);
    onChange();
    const jobs = execution.jobs.filter(({ status }) => !isTerminal(status)).length;
    return success({ pipelineExecutionId: executionId, jobs });
  }

  /** All workers, as people see them. */
  async list(): Promise<z.infer<typeof workerSchema>[]> {
    const now = this.#parts.clock.now();
    return (await this.#parts.workers.list()).map(({ worker, busy }) => shownWorker(worker, busy, now));
  }

  /** Gives a worker no more jobs. */
  async drain(workerId: string): Promise<Result<z.infer<typeof workerSchema>, Problem>> {
    const worker = await this.#parts.workers.setDraining(workerId, true);
    if (worker === null) return refused('not_found', `there is no worker ${workerId}`);
    this.#parts.onChange();
    const held = await this.#parts.store.assignmentsOf(workerId);
    return success(shownWorker(worker, held.length, this.#parts.clock.now()));
  }

  async #find(workerId: string): Promise<WorkerRecord | undefined> {
    return (await this.#parts.workers.list()).find(({ worker }) => worker.id === workerId)?.worker;
  }

  async #whyLost(jobId: string, attempt: number): Promise<string> {
    const job = await this.#parts.jobs.getJob(jobId);
    if (!job.ok) return 'there is no such job';
    const ended = job.value.attempts.find(({ number }) => number === attempt);
    if (ended === undefined || ended.status === 'RUNNING') return 'it is not the current attempt';
    return ended.failureMessage ?? `it is ${ended.status}`;
  }
}

function shownWorker(worker: WorkerRecord, busy: number, now: number): z.infer<typeof workerSchema> {
  const { id, name, url, slots, labels, version, draining, lastSeenAt } = worker;
  const isLost = now - lastSeenAt > leaseMs;
  return {
    id,
    name,
    url,
    slots,
    busy,
    labels: [...labels],
    version,
    state: isLost ? 'lost' : draining ? 'draining' : 'online',
    lastSeenAt: isoTime(lastSeenAt),
  };
}
