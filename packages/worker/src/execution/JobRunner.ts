import type { JobOutcome, JobRequest } from '@xx-pipeline/common';
import { AttemptRun } from './attempt/AttemptRun.ts';
import type { AttemptSignals } from './attempt/AttemptSignals.ts';
import { type JobRunnerParts, type RunnerSettings, withDefaults } from './job-runner-parts.ts';
import { type ContainerRequest, containerSpec, PreparedJob, type SharingHints } from './PreparedJob.ts';

/** Options of one attempt. */
export interface RunJobOptions extends AttemptSignals {
  /** The result of `prepare` for this request; the run owns it from now on. */
  readonly prepared?: PreparedJob;
}

/**
 * Runs jobs: one request in, a stream of events out, the last of them the outcome. Whatever happens to a job,
 * its container is removed and its slot given back before that last event. Holds nothing between jobs.
 */
export class JobRunner {
  readonly #settings: RunnerSettings;

  constructor(parts: JobRunnerParts) {
    this.#settings = withDefaults(parts);
  }

  /**
   * Begins to make a job's container ready ahead of its run. Never rejects: a failure shows when the job runs.
   * Hand the result to `runJob`, or discard it.
   */
  prepare(request: ContainerRequest, hints: SharingHints = {}): PreparedJob {
    return new PreparedJob(this.#settings.executor, containerSpec(request, hints));
  }

  /** The container of an attempt that an earlier process has begun; null where there is none. */
  async adopt(request: JobRequest): Promise<PreparedJob | null> {
    const container = await this.#settings.executor.adopt(containerSpec(request, {}));
    return container === null ? null : PreparedJob.holding(request.jobId, container);
  }

  /** Runs one attempt to its end. Never rejects; the outcome is also the last event. */
  runJob(request: JobRequest, options: RunJobOptions): Promise<JobOutcome> {
    const attempt = new AttemptRun(this.#settings, request, options, () => this.prepare(request));
    return attempt.run(options.prepared ?? null);
  }
}
