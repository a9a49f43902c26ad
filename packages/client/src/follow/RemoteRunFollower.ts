import type { JobExecution, PipelineExecution, PipelinePlan, Report } from '@xx-pipeline/common';
import type { RunEvent } from '../RunEvent.ts';
import { type BackendApi, runUrl } from './BackendApi.ts';
import type { Connection } from './Connection.ts';
import { DerivedEvents } from './DerivedEvents.ts';
import { followExecution } from './follow-execution.ts';
import { type FollowParts, JobFollower } from './JobFollower.ts';

const liveLogs = 100;
/** How many different reasons to wait become notices. */
const mostReasons = 5;

/** A run to follow, and the connection to its server. */
export interface RemoteRunParts {
  readonly backend: BackendApi;
  readonly connection: Connection;
  /** As the server created it. */
  readonly execution: PipelineExecution;
  readonly plan: PipelinePlan;
  /** Replaces the values of secrets in a command before it is shown. */
  readonly mask: (command: string) => string;
  readonly emit: (event: RunEvent) => void | Promise<void>;
}

/**
 * Follows a run on a server and emits the events that a local run would emit:
 *
 *   events of the run --records--> JobFollower per job <--bytes-- log of each attempt
 *                                      '--> RunEvents --> renderer or web page
 */
export class RemoteRunFollower {
  readonly #parts: RemoteRunParts;
  readonly #follow: FollowParts;
  readonly #jobs = new Map<string, JobFollower>();
  readonly #reasons = new Set<string>();
  readonly #failed = Promise.withResolvers<never>();

  constructor(parts: RemoteRunParts) {
    this.#parts = parts;
    const plans = new Map(parts.plan.stages.flatMap(({ jobs }) => jobs).map((job) => [job.name, job]));
    this.#follow = {
      backend: parts.backend,
      connection: parts.connection,
      emit: parts.emit,
      deriveEvents: (jobName) =>
        new DerivedEvents((plans.get(jobName)?.script ?? []).map((command) => parts.mask(command))),
      room: { free: liveLogs },
    };
    this.#failed.promise.catch(() => {});
  }

  /** Resolves when the run has ended or waits for a person, and all of its events have been emitted. */
  async run(): Promise<{ execution: PipelineExecution; report: Report }> {
    const { emit, execution, plan, backend } = this.#parts;
    await emit({ type: 'run-started', execution, plan, directory: runUrl(backend, execution.id) });
    await Promise.race([this.#read(), this.#failed.promise]);
    const result = await this.#result();
    await emit({ type: 'run-finished', ...result });
    return result;
  }

  async #read(): Promise<void> {
    const { backend, connection, execution } = this.#parts;
    // The stream has changes since the creation, and a run may wait for a person from its beginning.
    if (execution.status === 'MANUAL' && (await this.#waitsForPerson())) return;
    for await (const change of followExecution(execution.id, backend, connection)) {
      if (change.type === 'finished') break;
      if (change.type === 'job') this.#changed(change.job);
      else if (change.status === 'MANUAL' && (await this.#waitsForPerson())) break;
    }
    await Promise.all(Array.from(this.#jobs.values(), (job) => job.settled()));
  }

  #changed(job: JobExecution): void {
    let follower = this.#jobs.get(job.id);
    if (follower === undefined) {
      follower = new JobFollower(this.#follow, (error) => this.#failed.reject(error));
      this.#jobs.set(job.id, follower);
    }
    follower.changed(job);
    const { status, waitingReason } = job;
    if (status !== 'PENDING' || waitingReason === null || this.#reasons.has(waitingReason)) return;
    this.#reasons.add(waitingReason);
    if (this.#reasons.size > mostReasons) return;
    void this.#parts.emit({ type: 'notice', message: `${job.name} waits: ${waitingReason}` });
  }

  async #waitsForPerson(): Promise<boolean> {
    return (await this.#execution()).status === 'MANUAL';
  }

  async #execution(): Promise<PipelineExecution> {
    const { backend, connection, execution } = this.#parts;
    const params = { id: execution.id };
    return (await connection.call((signal) => backend.api.getExecution({ params }, { signal }))).body;
  }

  async #result(): Promise<{ execution: PipelineExecution; report: Report }> {
    const { backend, connection } = this.#parts;
    const execution = await this.#execution();
    const params = { id: execution.id };
    const { body } = await connection.call((signal) => backend.api.getReport({ params }, { signal }));
    return { execution, report: body };
  }
}
