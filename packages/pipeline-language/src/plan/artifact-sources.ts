import type { NeedPlan } from '@xx-pipeline/common';
import type { JobInstance } from '../resolve/JobDefinition.ts';
import type { PipelineDefinition } from '../resolve/PipelineDefinition.ts';

const nobody: readonly string[] = Object.freeze([]);

/** Names in all the lists together; known before they are made. */
export function countEarlierKeepers(definition: PipelineDefinition): number {
  const perStage = Map.groupBy(
    definition.jobs.filter((job) => job.keys.artifacts !== undefined),
    (job) => job.stage,
  );
  let before = 0;
  let total = 0;
  for (const stage of definition.globals.stages) {
    total += before;
    for (const job of perStage.get(stage) ?? []) before += job.instances.length;
  }
  return total;
}

/** Answers whose artifacts a job fetches: only jobs that are in the pipeline and keep artifacts count. */
export class ArtifactSources {
  readonly #definition: PipelineDefinition;
  readonly #keepers: ReadonlySet<string>;
  /** One list per stage, shared by its jobs: with one list per job, many jobs would make it quadratic. */
  readonly #earlier = new Map<string, readonly string[]>();

  /** `jobs` are those in the pipeline. */
  constructor(definition: PipelineDefinition, jobs: readonly JobInstance[]) {
    this.#definition = definition;
    const keepers = jobs.filter((instance) => instance.job.keys.artifacts !== undefined);
    this.#keepers = new Set(keepers.map((instance) => instance.name));
    const byStage = Map.groupBy(keepers, (instance) => instance.job.stage);
    let before = nobody;
    for (const stage of definition.globals.stages) {
      this.#earlier.set(stage, before);
      const here = byStage.get(stage);
      if (here !== undefined) before = Object.freeze([...before, ...here.map((instance) => instance.name)]);
    }
  }

  /** Names in the order in which they are fetched. */
  of(instance: JobInstance, needs: readonly NeedPlan[] | null): readonly string[] {
    const dependencies = this.#definition.links.get(instance)?.dependencies ?? null;
    if (needs === null && dependencies === null) return this.#earlier.get(instance.job.stage) ?? nobody;
    const named = dependencies?.map((target) => target.name);
    if (needs === null) return this.#keeping(named ?? []);
    const wanted = named && new Set(named);
    const needed = needs.filter((need) => need.artifacts && (wanted?.has(need.job) ?? true));
    return this.#keeping(needed.map((need) => need.job));
  }

  #keeping(names: readonly string[]): readonly string[] {
    const found = names.filter((name) => this.#keepers.has(name));
    return found.length === 0 ? nobody : found;
  }
}
