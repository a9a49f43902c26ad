import type { Span } from '../diagnostics/Span.ts';
import type { Admission, VariablePlan } from './JobPlan.ts';
import type { StagePlan } from './StagePlan.ts';

/** A job of the file that this pipeline does not have. */
export interface ExcludedJob {
  readonly name: string;
  readonly stage: string;
  readonly admission: Admission;
  readonly span: Span;
}

/** A pipeline in its written form. Plain JSON: it survives `JSON.parse(JSON.stringify(plan))`. */
export interface PlanDocument {
  readonly schemaVersion: 1;
  /** The file's `name:` or `workflow:name`; null when it has neither. May hold variables. */
  readonly name: string | null;
  /** In running order; only stages that have jobs. */
  readonly stages: readonly StagePlan[];
  readonly excluded: readonly ExcludedJob[];
  /** Global variables after workflow rules, for display. */
  readonly variables: Readonly<Record<string, VariablePlan>>;
}

declare const validated: unique symbol;

/**
 * A checked pipeline, ready to be executed; the only thing that execution accepts. There is no field behind the brand: it
 * only says that the document was checked. `buildPlan` and `planSchema` make plans, `trustStored` reads those that were
 * checked before they were stored; nothing else can. A copy with other jobs (`{ ...plan, stages }`) keeps the brand: its
 * maker answers for it.
 */
export interface PipelinePlan extends PlanDocument {
  readonly [validated]: true;
}
