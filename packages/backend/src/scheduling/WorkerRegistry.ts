import { isoTime, isTerminal, type Result, success } from '@xx-pipeline/common';
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
import { aliveMs } from '../leases.ts';
import type { ExecutionStore } from '../store/ExecutionStore.ts';
import type { WorkerRecord, WorkerStore } from '../store/WorkerStore.ts';
import type { Backoff } from './Backoff.ts';
import type { ListeningTime } from './ListeningTime.ts';
import type { SchedulingParts } from './scheduling-parts.ts';
import { sealPushToken } from './worker-address.ts';

/** Lost attempts whose reason is looked up for one heartbeat. */
const explainedLosses = 20;

/** The registry's collaborators. */
export interface RegistryNeighbors {
  readonly backoff: Backoff;
  readonly listening: ListeningTime;
  /** A worker has registered, again or for the first time, or drains. */
  readonly onChange: () => void;
}

/** The workers of a backend, and whether they are alive. */
export class WorkerRegistry {
  readonly #parts: SchedulingParts;
  readonly #neighbors: RegistryNeighbors;
  readonly #store: ExecutionStore;
  readonly #workers: WorkerStore;

  constructor(parts: SchedulingParts, neighbors: RegistryNeighbors) {
    this.#parts = parts;
    this.#neighbors = neighbors;
    this.#store = parts.stores.executions;
    this.#workers = parts.stores.workers;
  }

  /** Registers a worker; `conflict` while another process with its identity is alive. */
  async register(
    input: z.infer<typeof registerWorkerSchema>,
  ): Promise<Result<z.infer<typeof registeredWorkerSchema>, Problem>> {
    const { clock, request, leases, stores } = this.#parts;
    const { workerId, instanceId, previousInstanceId, name, slots, labels, version, url = null, pushToken } = input;
    const now = clock.now();
    const record: WorkerRecord = {
      id: workerId,
      instanceId,
      name,
      url,
      pushToken: pushToken === undefined ? null : sealPushToken(workerId, pushToken, request.secrets),
      slots,
      labels,
      version,
      draining: false,
      lastSeenAt: now,
    };
    const isRestart =
      previousInstanceId !== undefined && (await this.#find(workerId))?.instanceId === previousInstanceId;
    if (!(await this.#workers.register(record, isRestart ? now : now - aliveMs(leases)))) {
      const detail =
        `another process uses the identity of worker ${workerId} (last heartbeat less than ${aliveMs(leases) / 1000} s ago): ` +
        'two processes must not share a state directory';
      return refused('conflict', detail);
    }
    this.#neighbors.backoff.succeeded(workerId);
    this.#neighbors.onChange();
    return success({
      workerId,
      heartbeatSeconds: leases.heartbeatMs / 1000,
      leaseSeconds: leases.leaseMs / 1000,
      onlyBackend: !stores.isShared,
    });
  }

  /** Handles a heartbeat: renews leases; the answer says what to cancel and what is lost. */
  async heartbeat(
    input: z.infer<typeof heartbeatSchema>,
  ): Promise<Result<z.infer<typeof heartbeatAnswerSchema>, Problem>> {
    const { clock, leases } = this.#parts;
    const { workerId, instanceId } = input;
    try {
      const alive = await this.seen(workerId, instanceId);
      if (!alive.ok) return alive;
      const claims = input.attempts.map(({ jobId, attempt, token }) => ({
        jobId,
        attempt,
        tokenHash: hashToken(token),
      }));
      const { renewed } = await this.#store.renewLeases(workerId, claims, clock.now() + leases.leaseMs);
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
      // The worker is not to blame for a heartbeat that could not be written.
      this.#neighbors.listening.interrupted();
      throw error;
    }
  }

  /** Notes that a worker is alive, without its leases (a poll). */
  async seen(workerId: string, instanceId: string): Promise<Result<null, Problem>> {
    const answer = await this.#workers.seen(workerId, instanceId, this.#parts.clock.now());
    switch (answer) {
      case 'ok':
        return success(null);
      case 'unknown':
        return refused('not_found', `worker ${workerId} is not registered`);
      case 'other-instance':
        return refused('conflict', `another process uses the identity of worker ${workerId}`);
    }
  }

  /**
   * Reserves a run for this worker while it is alive and accepts jobs: no other worker gets another job of it. Jobs that
   * others have already stay there. Returns how many jobs have not ended.
   */
  async reserve(
    executionId: string,
    { workerId, instanceId }: z.infer<typeof reserveExecutionSchema>,
  ): Promise<Result<{ pipelineExecutionId: string; jobs: number }, Problem>> {
    const alive = await this.seen(workerId, instanceId);
    if (!alive.ok) return alive;
    const execution = (await this.#store.find(executionId))?.execution;
    if (execution === undefined) return refused('not_found', `there is no pipeline execution ${executionId}`);
    if (isTerminal(execution.status)) return refused('conflict', `the run has ended: it is ${execution.status}`);
    if ((await this.#find(workerId))?.draining === true) {
      return refused('conflict', 'the worker is draining: it gets no more jobs');
    }
    await this.#workers.reserve(executionId, workerId);
    this.#neighbors.onChange();
    const jobs = execution.jobs.filter(({ status }) => !isTerminal(status)).length;
    return success({ pipelineExecutionId: executionId, jobs });
  }

  /** All workers, as people see them. */
  async list(): Promise<z.infer<typeof workerSchema>[]> {
    return (await this.#workers.list()).map(({ worker, busy }) => shownWorker(worker, busy, this.#parts));
  }

  /** Gives a worker no more jobs. */
  async drain(workerId: string): Promise<Result<z.infer<typeof workerSchema>, Problem>> {
    const worker = await this.#workers.setDraining(workerId, true);
    if (worker === null) return refused('not_found', `there is no worker ${workerId}`);
    this.#neighbors.onChange();
    const held = await this.#store.assignmentsOf(workerId);
    return success(shownWorker(worker, held.length, this.#parts));
  }

  async #find(workerId: string): Promise<WorkerRecord | undefined> {
    return (await this.#workers.list()).find(({ worker }) => worker.id === workerId)?.worker;
  }

  async #whyLost(jobId: string, attempt: number): Promise<string> {
    const job = await this.#parts.services.queries.getJob(jobId);
    if (!job.ok) return 'there is no such job';
    const ended = job.value.attempts.find(({ number }) => number === attempt);
    if (ended === undefined || ended.status === 'RUNNING') return 'it is not the current attempt';
    return ended.failureMessage ?? `it is ${ended.status}`;
  }
}

function shownWorker(
  worker: WorkerRecord,
  busy: number,
  { clock, leases }: Pick<SchedulingParts, 'clock' | 'leases'>,
): z.infer<typeof workerSchema> {
  const { id, name, url, slots, labels, version, draining, lastSeenAt } = worker;
  const isLost = clock.now() - lastSeenAt > leases.leaseMs;
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
