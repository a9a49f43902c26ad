import type { JobExecution, PipelineExecution, PipelinePlan, Report } from '@xx-pipeline/common';
import type { PipelineVariable } from '@xx-pipeline/pipeline-language';
import type { RunEvent } from '../render/RunEvent.ts';
import { maskText } from '../run/mask-plan.ts';
import type { BackendApiClient } from './BackendApiClient.ts';
import type { Connection } from './Connection.ts';
import { DerivedEvents } from './derive-job-events.ts';
import { followExecution } from './follow-execution.ts';
import { type FollowParts, JobFollower } from './JobFollower.ts';

const liveLogs = 100;
/** Different reasons to wait that are told; the rest stands in `xx status`. */
const toldReasons = 5;

/** What following a run takes. */
export interface RemoteRunParts {
  readonly client: BackendApiClient;
  readonly connection: Connection;
  /** As the server created it. */
  readonly execution: PipelineExecution;
  readonly plan: PipelinePlan;
  /** Of secret ones the values: commands are shown without them. */
  readonly variables: readonly PipelineVariable[];
  readonly emit: (event: RunEvent) => void | Promise<void>;
}

/**
 * Follows a run on a server and tells what happens as a local run would:
 *
 *   events of the run --records--> JobFollower per job <--bytes-- log of each attempt
 *                                      '--> RunEvents --> renderer
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
      client: parts.client,
      connection: parts.connection,
      emit: parts.emit,
      deriveEvents: (jobName) =>
        new DerivedEvents((plans.get(jobName)?.script ?? []).map((command) => maskText(command, parts.variables))),
      room: { free: liveLogs },
    };
    this.#failed.promise.catch(() => {});
  }

  /** Until the run has ended or waits for a person, and everything about it has been told. */
  async run(): Promise<{ execution: PipelineExecution; report: Report }> {
    const { emit, execution, plan, client } = this.#parts;
    await emit({ type: 'run-started', execution, plan, directory: client.runUrl(execution.id) });
    await Promise.race([this.#read(), this.#failed.promise]);
    const result = await this.#result();
    await emit({ type: 'run-finished', ...result });
    return result;
  }

  async #read(): Promise<void> {
    const { client, connection, execution } = this.#parts;
    // Events tell of changes since its creation, and a run may wait for a person from its beginning.
    if (execution.status === 'MANUAL' && (await this.#waitsForPerson())) return;
    for await (const news of followExecution(execution.id, client, connection)) {
      if (news.type === 'finished') break;
      if (news.type === 'job') this.#changed(news.job);
      else if (news.status === 'MANUAL' && (await this.#waitsForPerson())) break;
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
    if (this.#reasons.size > toldReasons) return;
    void this.#parts.emit({ type: 'notice', message: `${job.name} waits: ${waitingReason}` });
  }

  async #waitsForPerson(): Promise<boolean> {
    return (await this.#execution()).status === 'MANUAL';
  }

  async #execution(): Promise<PipelineExecution> {
    const { client, connection, execution } = this.#parts;
    const params = { id: execution.id };
    return (await connection.patiently((signal) => client.api.getExecution({ params }, { signal }))).body;
  }

  async #result(): Promise<{ execution: PipelineExecution; report: Report }> {
    const { client, connection } = this.#parts;
    const execution = await this.#execution();
    const params = { id: execution.id };
    const { body } = await connection.patiently((signal) => client.api.getReport({ params }, { signal }));
    return { execution, report: body as Report };
  }
}
