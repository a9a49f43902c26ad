import { type Clock, messageOf } from '@xx-pipeline/common';
import { ApiProblem, ApiUnreachable, type RetryPauses, retryPause } from '@xx-pipeline/common/api';
import type { ServiceLog } from '@xx-pipeline/service';
import { callWithin } from '@xx-pipeline/service/http';
import type { Fence } from './fencing/Fence.ts';
import type { PipelineExecutionWorkerService } from './PipelineExecutionWorkerService.ts';
import type { UnreadableJob } from './read-poll-answer.ts';
import type { WorkerBackendClient } from './WorkerBackendClient.ts';
import type { WorkerIdentity } from './WorkerIdentity.ts';

/** What a worker says about itself. */
export interface WorkerFacts {
  readonly name: string;
  readonly labels: readonly string[];
  readonly version: string;
}

/** What keeping in contact needs. */
export interface ContactParts {
  readonly client: WorkerBackendClient;
  readonly service: PipelineExecutionWorkerService;
  readonly identity: WorkerIdentity;
  readonly facts: WorkerFacts;
  /** null: this worker polls. */
  readonly push: { readonly url: string; readonly token: string } | null;
  readonly fence: Fence;
  readonly pauses: RetryPauses;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: ServiceLog;
}

/** How the contact stands. */
export type ContactState = 'connecting' | 'connected' | 'refused';

const pollSeconds = 25;
/** A worker that is full for a moment only does not poll in between. */
const fullForMs = 500;
/** A call that gets no answer is given up after this, so that the next one may find a way. */
const callMs = 15_000;

/**
 * Keeps a worker registered and its leases alive:
 *
 *   connecting --registered--> connected --404--> connecting
 *        ^  '--409--> refused --'    '---409--> refused (another process is this worker now: all jobs are given up)
 *        '-------- '
 *
 * Every wait is spread by chance, so that many workers do not come back to a restarted backend in the same moment.
 */
export class BackendContact {
  readonly #parts: ContactParts;
  readonly #confirmed = Promise.withResolvers<void>();
  readonly #connectedWaiters: (() => void)[] = [];
  #state: ContactState = 'connecting';
  #heartbeatSeconds = 10;
  #leaseMs = 0;
  /** Nobody but the backend we speak to decides about leases. */
  #onlyBackend = false;
  /** No call is answered, and that has been said. */
  #isSilent = false;
  #refusals = 0;
  #beatSoon: (() => void) | null = null;
  #beatWanted = false;

  constructor(parts: ContactParts) {
    this.#parts = parts;
  }

  /** Resolves when the backend has first answered a heartbeat: what was not lost then is this worker's. */
  get confirmed(): Promise<void> {
    return this.#confirmed.promise;
  }

  get state(): ContactState {
    return this.#state;
  }

  /** Keeps in contact until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const loops = [this.#beat(signal), this.#parts.fence.run(signal)];
    if (this.#parts.push === null) loops.push(this.#poll(signal));
    await Promise.all(loops.map((loop) => loop.catch((error: unknown) => this.#explain(error, signal))));
  }

  /** The next heartbeat comes now; after the one that is under way. */
  beatNow(): void {
    this.#beatWanted = true;
    this.#beatSoon?.();
  }

  async #beat(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const since = this.#parts.fence.now();
      try {
        if (this.#state !== 'connected') await this.#register(signal);
        await this.#heartbeat(signal);
        failures = 0;
        await this.#sleep(this.#heartbeatSeconds * 1000 * (0.9 + this.#parts.random() * 0.2), signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#failed(error);
        if (this.#onlyBackend && hearsNobody(error)) this.#renew(since);
        await this.#sleep(this.#pauseAfter(++failures), signal);
      }
    }
  }

  async #register(signal: AbortSignal): Promise<void> {
    const { client, service, identity, facts, push, log } = this.#parts;
    const { workerId, instanceId, previousInstanceIds } = identity;
    // Which of them the backend knows is not known here: each refusal turns to the next.
    const previousInstanceId = previousInstanceIds[this.#refusals % Math.max(1, previousInstanceIds.length)];
    identity.registering();
    const worker = {
      workerId,
      instanceId,
      ...(previousInstanceId === undefined ? {} : { previousInstanceId }),
      ...facts,
      slots: service.slots,
      ...(push === null ? {} : { url: push.url, pushToken: push.token }),
    };
    const answer = await callWithin(callMs, signal, (limited) => client.register(worker, limited));
    identity.registered();
    this.#leaseMs = answer.leaseSeconds * 1000;
    this.#onlyBackend = answer.onlyBackend;
    this.#heartbeatSeconds = Math.max(0.05, answer.heartbeatSeconds);
    this.#state = 'connected';
    log.info('registered with the backend', { workerId, name: facts.name });
    for (const wake of this.#connectedWaiters.splice(0)) wake();
  }

  async #heartbeat(signal: AbortSignal): Promise<void> {
    const { client, service, identity, fence } = this.#parts;
    const { workerId, instanceId } = identity;
    await service.disk.probe();
    const since = fence.now();
    const attempts = service.attempts.leased();
    const beat = { workerId, instanceId, freeSlots: service.freeSlots, attempts };
    const { cancel, lost } = await callWithin(Math.min(callMs, this.#leaseMs), signal, (limited) =>
      client.heartbeat(beat, limited),
    );
    this.#isSilent = false;
    this.#renew(since);
    for (const { jobId, attempt, reason } of lost) service.loseJob(jobId, attempt, reason);
    // Not waited for: an engine that takes its time must not hold up the next heartbeat.
    void fence.open((jobId, attempt) => service.attempts.holds(jobId, attempt));
    for (const { jobId, attempt } of cancel) service.cancelJob(jobId, attempt);
    this.#confirmed.resolve();
  }

  /** Somebody whose word counts was heard, or was not there, after `since`. */
  #renew(since: number): void {
    this.#parts.fence.renew({ since, leaseMs: this.#leaseMs, onlyBackend: this.#onlyBackend });
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const { service, client, identity, log } = this.#parts;
    const { workerId, instanceId } = identity;
    let failures = 0;
    while (!signal.aborted) {
      await this.#connected(signal);
      await this.#slotFree(AbortSignal.any([signal, AbortSignal.timeout(fullForMs)]));
      if (signal.aborted) return;
      const { freeSlots } = service;
      // A poll that may get no job still hears that one is to be canceled. It ends when a slot is free.
      const full = new AbortController();
      if (freeSlots === 0) void this.#slotFree(AbortSignal.any([signal, full.signal])).then(() => full.abort());
      try {
        const poll = { workerId, instanceId, freeSlots, waitSeconds: pollSeconds };
        const either = AbortSignal.any([signal, full.signal]);
        const { jobs, unreadable, heartbeat } = await callWithin((pollSeconds + 15) * 1000, either, (limited) =>
          client.poll(poll, limited),
        );
        if (heartbeat) this.beatNow();
        for (const request of jobs) {
          const accepted = service.executeJob(request);
          // The backend takes a job back that no heartbeat names.
          if (!accepted.ok) log.warn('job not accepted', { jobId: request.jobId, why: accepted.error.detail });
        }
        for (const job of unreadable) await this.#reject(job, signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (full.signal.aborted) continue;
        this.#failed(error);
        if (this.#state !== 'connected') this.beatNow();
        await this.#parts.clock.sleep(this.#pauseAfter(++failures), signal).catch(() => {});
      } finally {
        full.abort();
      }
    }
  }

  /** Fails a job that this worker cannot read: no worker of this version can, so the backend must not offer it again. */
  async #reject({ jobId, attempt, token, why }: UnreadableJob, signal: AbortSignal): Promise<void> {
    const { client, log } = this.#parts;
    const failureMessage = `the worker cannot read the request of the job: ${why}`;
    log.error('request of a job cannot be read', { jobId, attempt, why });
    const update = { jobId, attempt, token, status: 'FAILED', failureReason: 'config_error', failureMessage } as const;
    try {
      await callWithin(callMs, signal, (limited) => client.updateJobStatus(update, limited));
    } catch (error) {
      // The lease of the attempt runs out, and the job is offered and rejected again.
      log.warn('rejection of a job could not be sent', { jobId, attempt, why: messageOf(error) });
    }
  }

  /** What an error of register, heartbeat or poll means. */
  #failed(error: unknown): void {
    const { log, service } = this.#parts;
    const problem = error instanceof ApiProblem ? error.problem : null;
    if (problem?.status === 404) {
      if (this.#state === 'connected') log.warn('the backend has forgotten this worker: registering again');
      this.#state = 'connecting';
    } else if (problem?.status === 409) {
      this.#refusals++;
      if (this.#state !== 'refused') log.error('another process is this worker now', { why: messageOf(error) });
      // One that has never been confirmed may only be early: the process before it still counts as alive.
      if (this.#state === 'connected') service.loseAll('another process has taken over');
      this.#state = 'refused';
    } else if (!this.#isSilent) {
      log.warn('no contact with the backend', { why: messageOf(error) });
      this.#isSilent = true;
    }
  }

  async #connected(signal: AbortSignal): Promise<void> {
    while (this.#state !== 'connected' && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#connectedWaiters.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  }

  async #slotFree(signal: AbortSignal): Promise<void> {
    const { service } = this.#parts;
    while (service.freeSlots === 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const off = service.attempts.onChange(() => done());
        const done = () => {
          off();
          signal.removeEventListener('abort', done);
          resolve();
        };
        signal.addEventListener('abort', done, { once: true });
      });
    }
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const soon = new AbortController();
    this.#beatSoon = () => soon.abort();
    if (this.#beatWanted) soon.abort();
    await this.#parts.clock.sleep(ms, AbortSignal.any([signal, soon.signal])).catch(() => {});
    this.#beatSoon = null;
    this.#beatWanted = false;
  }

  #pauseAfter(failures: number): number {
    return retryPause(failures, this.#parts.pauses, this.#parts.random);
  }

  #explain(error: unknown, signal: AbortSignal): void {
    if (!signal.aborted) this.#parts.log.error('keeping in contact failed', { why: messageOf(error) });
  }
}

/**
 * Nobody can have taken anything away: the only backend is not there, or says that it could not note a sign of life. One
 * that is back, and one whose database is, gives every worker its whole time again.
 */
function hearsNobody(error: unknown): boolean {
  if (error instanceof ApiProblem) return error.status >= 500;
  const cause = error instanceof ApiUnreachable ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  return cause?.code === 'ECONNREFUSED';
}
