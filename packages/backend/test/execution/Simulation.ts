import assert from 'node:assert/strict';
import {
  type ExecutionStatus,
  isTerminal,
  type JobAttempt,
  type JobPlan,
  type JobRequest,
  type JobStatusUpdate,
  type PipelineExecution,
  type When,
} from '@xx-pipeline/common';
import { jobPlan } from '@xx-pipeline/testing';
import type { PushAnswer } from '../../src/scheduling/WorkerClient.ts';
import type { Dice } from './Dice.ts';
import { alice, input, ok, type Rig } from './Rig.ts';
import { SimulatedWorker } from './SimulatedWorker.ts';

const whens: readonly When[] = ['on_success', 'on_success', 'on_success', 'on_failure', 'always', 'manual', 'delayed'];

/**
 * A run among unreliable workers, networks, backends and people, all by one dice. Whatever happens, after every step:
 * no job has two live attempts, no attempt that is over changes, no attempt number goes to two workers;
 * and at the end: the run is over, and what was acknowledged is in its record.
 */
export class Simulation {
  readonly #rig: Rig;
  readonly #dice: Dice;
  readonly #workers: SimulatedWorker[] = [];
  readonly #acknowledged: JobStatusUpdate[] = [];
  /** Messages of the past, which the network may bring again. */
  readonly #old: JobStatusUpdate[] = [];
  /** Who has taken which attempt, by `job/attempt`. */
  readonly #taken = new Map<string, string>();
  readonly #over = new Map<string, JobAttempt>();
  readonly #log: string[] = [];
  #id = '';

  constructor(rig: Rig, dice: Dice) {
    this.#rig = rig;
    this.#dice = dice;
  }

  /** What happened, for whoever looks for a mistake. */
  get story(): string {
    return this.#log.join('\n');
  }

  async run(steps: number): Promise<void> {
    await this.#begin();
    for (let step = 0; step < steps; step++) {
      await this.#step();
      await this.#audit();
    }
    await this.#settle();
    await this.#auditEnd();
  }

  async #begin(): Promise<void> {
    const dice = this.#dice;
    for (let number = 0; number < 1 + dice.below(3); number++) {
      const polls = dice.chance(0.4);
      const end = {
        push: (request: JobRequest) => this.#push(worker, request),
        cancel: (jobId: string, attempt: number) => {
          const held = worker.held.get(jobId);
          if (held?.attempt === attempt && dice.chance(0.7)) held.cancelAsked = true;
        },
      };
      const slots = 1 + dice.below(3);
      const registered = await this.#rig.worker(polls ? null : end, { slots, labels: ['any'] });
      const worker = new SimulatedWorker(registered.workerId, registered.instanceId, { slots, polls });
      this.#workers.push(worker);
    }
    const execution = ok(
      await this.#rig.pipelines.createPipelineExecution(input(...this.#randomJobs()), alice, null),
    ).execution;
    this.#id = execution.id;
  }

  #randomJobs(): JobPlan[] {
    const dice = this.#dice;
    const count = 2 + dice.below(7);
    const stages = Array.from({ length: count }, () => dice.below(3)).sort();
    return stages.map((stage, number): JobPlan => {
      const needs = Array.from({ length: dice.below(3) }, () => `j${dice.below(Math.max(1, number))}`);
      const isDag = number > 0 && dice.chance(0.4);
      const when = dice.pick(whens);
      return jobPlan(`j${number}`, `s${stage}`, {
        when,
        ...(when === 'delayed' ? { startIn: dice.below(20) } : {}),
        allowFailure: dice.chance(0.3),
        needs: isDag ? [...new Set(needs)].map((job) => ({ job, artifacts: false })) : null,
        retry: { max: dice.below(3), when: ['always'], exitCodes: [] },
        tags: dice.chance(0.2) ? ['any'] : [],
      });
    });
  }

  async #step(): Promise<void> {
    const dice = this.#dice;
    const worker = dice.pick(this.#workers);
    const action = dice.below(20);
    if (action < 4) await this.#schedule();
    else if (action < 7) this.#progress(worker);
    else if (action < 12) await this.#deliver(worker, dice.chance(0.3));
    else if (action < 14) await this.#heartbeat(worker);
    else if (action < 16) await this.#pass(1 + dice.below(20));
    else if (action === 16) await this.#replay();
    else if (action === 17) await this.#die(worker);
    else if (action === 18) await this.#personActs();
    else {
      const number = dice.below(this.#rig.backends.length);
      this.#say(`backend ${number} starts again`);
      await this.#rig.restart(number);
    }
  }

  async #schedule(): Promise<void> {
    const { backends } = this.#rig;
    const number = this.#dice.below(backends.length);
    const backend = backends[number];
    if (backend === undefined) return;
    const gone = new AbortController();
    const polls = this.#workers.filter(({ polls, free }) => polls && free > 0);
    const answers = polls.map(async (worker) => {
      const { workerId, instanceId, free } = worker;
      const answer = await backend.scheduling.scheduler.takeJobsFor(
        { workerId, instanceId, freeSlots: free, waitSeconds: 60 },
        gone.signal,
      );
      if (!answer.ok || answer.value.jobs.length === 0) return;
      const isLost = this.#dice.chance(0.2);
      this.#say(
        `poll of ${name(worker)} by backend ${number}: ${answer.value.jobs.map(label)}${isLost ? ', lost' : ''}`,
      );
      if (!isLost) for (const request of answer.value.jobs) this.#take(worker, request);
    });
    // The polls wait by now, or have their jobs.
    await new Promise((resolve) => setTimeout(resolve, 1));
    await this.#rig.schedule(number);
    gone.abort();
    await Promise.all(answers);
  }

  #push(worker: SimulatedWorker, request: JobRequest): PushAnswer {
    const dice = this.#dice;
    if (dice.chance(0.1)) {
      this.#say(`push of ${label(request)} to ${name(worker)} is refused`);
      return { kind: 'refused', reason: 'no slot is free' };
    }
    if (dice.chance(0.1)) {
      this.#say(`push of ${label(request)} to ${name(worker)} gets lost`);
      return { kind: 'unknown', reason: 'the connection broke' };
    }
    const taken = this.#take(worker, request);
    const isLost = dice.chance(0.15);
    this.#say(`push of ${label(request)} to ${name(worker)}: ${taken}${isLost ? ', answer lost' : ''}`);
    if (isLost) return { kind: 'unknown', reason: 'the connection broke' };
    return taken === 'accepted' || taken === 'known' ? { kind: 'accepted' } : { kind: 'refused', reason: taken };
  }

  #take(worker: SimulatedWorker, request: JobRequest): string {
    const taken = worker.take(request);
    if (taken !== 'accepted') return taken;
    const key = `${request.jobId}/${request.attempt}`;
    assert.equal(this.#taken.get(key), undefined, `attempt ${label(request)} was given away twice`);
    this.#taken.set(key, worker.workerId);
    return taken;
  }

  #progress(worker: SimulatedWorker): void {
    const dice = this.#dice;
    for (const held of worker.held.values()) {
      if (held.state === 'taken') {
        if (dice.chance(0.7)) worker.start(held);
      } else if (held.state === 'running') {
        if (held.cancelAsked) worker.finish(held, { status: 'CANCELED', failureReason: 'canceled' });
        else if (dice.chance(0.3))
          worker.finish(held, { status: 'FAILED', failureReason: 'script_failure', exitCode: 1 });
        else if (dice.chance(0.7)) worker.finish(held, { status: 'SUCCESS', exitCode: 0 });
      }
    }
  }

  /** Tells the backends what is to be told, in order; `isFaulty`: the message or its answer gets lost. */
  async #deliver(worker: SimulatedWorker, isFaulty: boolean): Promise<void> {
    const waiting = [...worker.held.values()].filter(({ outbox }) => outbox.length > 0);
    if (waiting.length === 0) return;
    const held = this.#dice.pick(waiting);
    const [update] = held.outbox;
    if (update === undefined || (isFaulty && this.#dice.chance(0.5))) return;
    const answer = await this.#send(update);
    this.#say(`${name(worker)} tells ${show(update)}: ${answer}${isFaulty ? ', answer lost' : ''}`);
    if (isFaulty) return;
    if (answer === 'stale_attempt') worker.drop(update.jobId, held.attempt);
    else {
      held.outbox.shift();
      if (held.state === 'finished' && held.outbox.length === 0) worker.drop(update.jobId, held.attempt);
    }
  }

  async #send(update: JobStatusUpdate): Promise<string> {
    const { jobs } = this.#dice.pick(this.#rig.backends).services;
    const caller = this.#dice.chance(0.5)
      ? ({ kind: 'worker', name: 'w' } as const)
      : ({ kind: 'job', token: update.token ?? '' } as const);
    const result = await jobs.updateJobExecutionStatus(update, caller);
    this.#old.push(update);
    if (result.ok) this.#acknowledged.push(update);
    return result.ok ? 'ok' : result.error.code;
  }

  async #heartbeat(worker: SimulatedWorker): Promise<void> {
    const { registry } = this.#dice.pick(this.#rig.backends).scheduling;
    const attempts = [...worker.held.values()].map(({ request: { jobId }, attempt, token }) => ({
      jobId,
      attempt,
      token,
    }));
    const { workerId, instanceId, free } = worker;
    const beat = { workerId, instanceId, freeSlots: Math.max(0, free), attempts };
    const answer = ok(await registry.heartbeat(beat));
    if (this.#dice.chance(0.2)) return;
    for (const { jobId, attempt } of answer.lost) worker.drop(jobId, attempt);
    for (const { jobId } of answer.cancel) {
      const held = worker.held.get(jobId);
      if (held !== undefined) held.cancelAsked = true;
    }
  }

  async #pass(seconds: number): Promise<void> {
    this.#say(`${seconds} s pass`);
    await this.#rig.pass(seconds);
  }

  async #replay(): Promise<void> {
    if (this.#old.length === 0) return;
    const update = this.#dice.pick(this.#old);
    this.#say(`again ${show(update)}: ${await this.#send(update)}`);
  }

  /** Killed and started again, with or without its disk. */
  async #die(worker: SimulatedWorker): Promise<void> {
    const keepsDisk = this.#dice.chance(0.6);
    this.#say(`${name(worker)} dies${keepsDisk ? '' : ' with its disk'}`);
    const previousInstanceId = worker.instanceId;
    const instanceId = this.#rig.id();
    if (!keepsDisk) {
      worker.held.clear();
      worker.newest.clear();
    }
    const { workerId, slots, polls } = worker;
    const url = polls ? {} : { url: `http://${workerId}.test`, pushToken: 'a-token-for-pushing' };
    const { registry } = this.#dice.pick(this.#rig.backends).scheduling;
    ok(
      await registry.register({
        ...{ workerId, instanceId, previousInstanceId, name: 'w', slots, labels: ['any'], version: '1' },
        ...url,
      }),
    );
    worker.instanceId = instanceId;
  }

  async #personActs(): Promise<void> {
    const dice = this.#dice;
    const { services, scheduling } = dice.pick(this.#rig.backends);
    const worker = dice.pick(this.#workers);
    const { jobs } = await this.#rig.execution(this.#id);
    const job = dice.pick(jobs);
    const statuses: ExecutionStatus[] = ['RUNNING', 'SUCCESS', 'FAILED', 'CANCELED', 'SKIPPED', 'PENDING'];
    const status = dice.pick(statuses);
    const acts: Record<string, () => Promise<{ ok: boolean }>> = {
      cancel: () => services.pipelines.cancelPipelineExecution(this.#id, alice, 'enough'),
      retry: () => services.pipelines.retryPipelineExecution(this.#id, alice),
      'retry a job': () => services.jobs.retryJob(job.id, alice),
      'cancel a job': () => services.jobs.cancelJob(job.id, alice),
      play: () => services.jobs.playJob(job.id, alice, []),
      [`hand the run to ${name(worker)}`]: () => scheduling.registry.reserve(this.#id, worker),
      [`say ${status}`]: () => services.jobs.updateJobExecutionStatus({ jobId: job.id, status }, alice),
    };
    const act = dice.pick(Object.keys(acts));
    const result = await acts[act]?.();
    this.#say(`a person: ${act} (${job.name}): ${result?.ok === true ? 'ok' : 'refused'}`);
  }

  /** The network is good again, every worker goes on, nobody intervenes. */
  async #settle(): Promise<void> {
    this.#say('all is well from here on');
    for (let round = 0; round < 200; round++) {
      await this.#schedule();
      for (const worker of this.#workers) {
        await this.#heartbeat(worker);
        this.#progress(worker);
        for (let number = 0; number < 20; number++) await this.#deliver(worker, false);
      }
      await this.#finishByHand();
      await this.#pass(5);
      await this.#audit();
      const execution = await this.#rig.execution(this.#id);
      if (isQuiet(execution)) return;
    }
    assert.fail(`the run hangs: ${JSON.stringify(await this.#rig.main.stores.executions.find(this.#id), null, 1)}`);
  }

  /** What a person has begun only a person can end. */
  async #finishByHand(): Promise<void> {
    const found = await this.#rig.main.stores.executions.find(this.#id);
    for (const job of found?.execution.jobs ?? []) {
      if (job.status !== 'RUNNING' || found?.assignments.has(job.id) === true) continue;
      const update = { jobId: job.id, status: 'SUCCESS' as const };
      ok(await this.#rig.jobs.updateJobExecutionStatus(update, alice));
    }
  }

  async #audit(): Promise<void> {
    const found = await this.#rig.main.stores.executions.find(this.#id);
    assert(found);
    for (const job of found.execution.jobs) {
      if (found.execution.reason !== null)
        assert(isTerminal(job.status) || job.status === 'RUNNING', 'it was canceled');
      const running = job.attempts.filter(({ status }) => status === 'RUNNING');
      assert.equal(running.length, job.status === 'RUNNING' ? 1 : 0, `running attempts of ${job.name}`);
      assert.deepEqual(
        job.attempts.map(({ number }) => number),
        job.attempts.map((_, position) => position + 1),
      );
      const assignment = found.assignments.get(job.id);
      if (assignment !== undefined) {
        assert(job.status === 'PENDING' || job.status === 'RUNNING', `${job.name} is ${job.status} and assigned`);
        const current = job.status === 'RUNNING' ? job.attempts.length : job.attempts.length + 1;
        assert.equal(assignment.attempt, current);
      }
      for (const attempt of job.attempts) {
        if (attempt.status === 'RUNNING') continue;
        const key = `${job.id}/${attempt.number}`;
        const before = this.#over.get(key);
        if (before === undefined) this.#over.set(key, attempt);
        else assert.deepEqual(attempt, before, `attempt ${attempt.number} of ${job.name} was over`);
      }
    }
  }

  async #auditEnd(): Promise<void> {
    const execution = await this.#rig.execution(this.#id);
    for (const { jobId, status, attempt: number } of this.#acknowledged) {
      const attempt = execution.jobs.find(({ id }) => id === jobId)?.attempts.find((one) => one.number === number);
      assert(attempt, `attempt ${number} of ${jobId} was acknowledged`);
      if (status !== 'RUNNING') assert.equal(attempt.status, status, `attempt ${number} of ${jobId}`);
    }
    if (!isTerminal(execution.status)) return;
    const events = await this.#rig.main.stores.executions.eventsAfter(this.#id, 0, 100_000);
    assert.equal(events.at(-1)?.event.type, 'finished');
  }

  #say(text: string): void {
    this.#log.push(text);
  }
}

/** Nothing more will happen by itself. */
function isQuiet({ status, jobs }: PipelineExecution): boolean {
  if (isTerminal(status)) return jobs.every((job) => isTerminal(job.status) || job.status === 'MANUAL');
  return status === 'MANUAL';
}

const name = ({ workerId }: SimulatedWorker): string => workerId.slice(0, 8);
const label = ({ jobName, attempt }: JobRequest): string => `${jobName}/${attempt}`;
const show = ({ jobId, attempt, status }: JobStatusUpdate): string => `${jobId.slice(0, 8)}/${attempt} ${status}`;
