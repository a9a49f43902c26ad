import type { JobRequest } from '@xx-pipeline/common';
import type { ContainerSpec, JobContainer, JobExecutor, PrepareObserver } from './JobExecutor.ts';

/**
 * A job's container being made ready, perhaps long before the job runs. Nothing of the job runs in it yet.
 * Never rejects on its own: a failure is kept until the container is taken.
 */
export class PreparedJob {
  readonly jobId: string;
  readonly #stop = new AbortController();
  readonly #container: Promise<JobContainer>;
  readonly #watch = new ReplayingObserver();
  #discarded: Promise<void> | null = null;

  constructor(executor: Pick<JobExecutor, 'prepare'>, spec: ContainerSpec) {
    this.jobId = spec.jobId;
    // In a promise chain, so that even an executor that throws at once fails later.
    this.#container = Promise.resolve().then(() => executor.prepare(spec, this.#watch, this.#stop.signal));
    this.#container.catch(() => {});
  }

  /** One that holds a container made earlier. */
  static holding(jobId: string, container: JobContainer): PreparedJob {
    return new PreparedJob({ prepare: () => Promise.resolve(container) }, { jobId } as ContainerSpec);
  }

  /** The container as soon as it is ready; rejects as `JobExecutor.prepare` does. The observer gets what has happened so far replayed. */
  take(observer: PrepareObserver): Promise<JobContainer> {
    this.#watch.attach(observer);
    return this.#container;
  }

  /** Stops the preparation and removes what was made, ready or not. Idempotent; never rejects. */
  discard(reason?: unknown): Promise<void> {
    this.#discarded ??= this.#remove(reason);
    return this.#discarded;
  }

  async #remove(reason: unknown): Promise<void> {
    this.#watch.detach();
    this.#stop.abort(reason);
    const container = await this.#container.catch(() => null);
    await container?.remove().catch(() => {});
  }
}

/** What is known about the jobs beside this one, for containers that share something: `ContainerSpec`. */
export interface SharingHints {
  /** Jobs certain to have ended before this one runs. */
  readonly runsAfter?: readonly string[];
  /** No other job is expected. */
  readonly isOnly?: boolean;
}

/** The part of a request that decides about its container. */
export type ContainerRequest = Pick<
  JobRequest,
  'jobId' | 'jobName' | 'attempt' | 'image' | 'source' | 'pipelineExecutionId'
>;

/** The specification of a request's container. */
export function containerSpec(request: ContainerRequest, hints: SharingHints): ContainerSpec {
  return {
    runId: request.pipelineExecutionId ?? request.jobId,
    jobId: request.jobId,
    jobName: request.jobName,
    attempt: request.attempt,
    image: request.image,
    source: request.source,
    runsAfter: hints.runsAfter ?? [],
    isOnly: hints.isOnly ?? false,
  };
}

/** A text that is equal for requests that can use the same container. */
export function containerKey({ jobId, attempt, image, source }: ContainerRequest): string {
  return JSON.stringify([jobId, attempt, image, source]);
}

/** Records what happens until an observer is attached, and replays it then. */
class ReplayingObserver implements PrepareObserver {
  #listener: PrepareObserver | null = null;
  #warnings: string[] = [];
  #isQueued = false;
  #pulling: readonly [string, number, number] | null = null;
  #pulled: readonly [string, number] | null = null;

  attach(listener: PrepareObserver): void {
    this.#listener = listener;
    for (const message of this.#warnings) listener.warning(message);
    if (this.#isQueued) listener.queued();
    if (this.#pulling !== null) listener.pulling(...this.#pulling);
    if (this.#pulled !== null) listener.pulled(...this.#pulled);
  }

  detach(): void {
    this.#listener = null;
  }

  queued(): void {
    this.#isQueued = true;
    this.#listener?.queued();
  }

  started(): void {
    this.#isQueued = false;
    this.#listener?.started();
  }

  pulling(image: string, current: number, total: number): void {
    this.#pulling = [image, current, total];
    this.#listener?.pulling(image, current, total);
  }

  pulled(image: string, ms: number): void {
    this.#pulled = [image, ms];
    this.#listener?.pulled(image, ms);
  }

  warning(message: string): void {
    this.#warnings.push(message);
    this.#listener?.warning(message);
  }
}
