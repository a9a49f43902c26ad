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

declare const validated: unique symbol;

/**
 * A checked pipeline, ready to be executed. Plain JSON: it survives `JSON.parse(JSON.stringify(plan))`.
 * Only `check-pipeline` makes one (hence the brand), so nothing unchecked can reach execution.
 */
export interface PipelinePlan {
  readonly schemaVersion: 1;
  /** The file's `name:` or `workflow:name`; null when it has neither. May hold variables. */
  readonly name: string | null;
  /** In running order; only stages that have jobs. */
  readonly stages: readonly StagePlan[];
  readonly excluded: readonly ExcludedJob[];
  /** Global variables after workflow rules, for display. */
  readonly variables: Readonly<Record<string, VariablePlan>>;
  readonly [validated]?: true;
}
