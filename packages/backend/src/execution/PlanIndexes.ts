import type { PipelinePlan } from '@xx-pipeline/common';
import { indexPlan, type PlanIndex } from '@xx-pipeline/pipeline-language';

const keptPlans = 200;

/** The indexes of the plans used last: a plan never changes, and indexing it costs more than most decisions. */
export class PlanIndexes {
  readonly #kept = new Map<string, PlanIndex>();

  of(executionId: string, plan: PipelinePlan): PlanIndex {
    const index = this.#kept.get(executionId) ?? indexPlan(plan);
    // The last used stands last.
    this.#kept.delete(executionId);
    this.#kept.set(executionId, index);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > keptPlans && oldest !== undefined) this.#kept.delete(oldest);
    return index;
  }
}
