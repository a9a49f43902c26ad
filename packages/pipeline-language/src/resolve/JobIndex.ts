import { Suggestions } from '../diagnostics/closest-name.ts';
import type { JobDefinition, JobInstance } from './JobDefinition.ts';

/** Finds jobs by the names that `needs` and `dependencies` may use. */
export class JobIndex {
  readonly #jobs: ReadonlyMap<string, JobDefinition>;
  readonly #instances: ReadonlyMap<string, JobInstance>;
  readonly #stages: ReadonlyMap<string, number>;
  readonly #suggestions = new Suggestions();

  constructor(jobs: readonly JobDefinition[], stages: readonly string[]) {
    this.#jobs = new Map(jobs.map((job) => [job.name, job]));
    this.#instances = new Map(jobs.flatMap((job) => job.instances.map((instance) => [instance.name, instance])));
    this.#stages = new Map(stages.map((stage, index) => [stage, index]));
  }

  /** All instances of a job, or the one instance with exactly this name; empty when there is no such job. */
  find(name: string): readonly JobInstance[] {
    const job = this.#jobs.get(name);
    if (job !== undefined) return job.instances;
    const instance = this.#instances.get(name);
    return instance === undefined ? [] : [instance];
  }

  /** The instance with exactly this name. */
  instance(name: string): JobInstance | undefined {
    return this.#instances.get(name);
  }

  /** Whether a job's stage comes after another's; false if either has no known stage, which is reported elsewhere. */
  isLater(job: JobDefinition, than: JobDefinition): boolean {
    const left = this.#stages.get(job.stage);
    const right = this.#stages.get(than.stage);
    return left !== undefined && right !== undefined && left > right;
  }

  /** A help line with the job name nearest to a misspelt one. */
  suggest(name: string): string | undefined {
    return this.#suggestions.for(name, this.#jobs.keys());
  }
}
