import type { PipelinePlan } from '@xx-pipeline/common';
import { indexPlan, type PlanIndex } from '@xx-pipeline/pipeline-language';

/** The index of each plan in memory: a plan never changes, and indexing it costs more than most decisions. */
export class PlanIndexes {
  readonly #known = new WeakMap<PipelinePlan, PlanIndex>();

  of(plan: PipelinePlan): PlanIndex {
    const known = this.#known.get(plan);
    if (known !== undefined) return known;
    const index = indexPlan(plan);
    this.#known.set(plan, index);
    return index;
  }
}
