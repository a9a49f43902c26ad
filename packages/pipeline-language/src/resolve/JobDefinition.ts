import type { Span } from '@xx-pipeline/common';
import type { FieldValues } from '../keys/Keyword.ts';
import type { jobFields } from '../keys/keyword-table.ts';
import type { Variables } from '../keys/variables.ts';

/** Stage of a job whose `stage` was unusable, which has been reported; no stage can have this name. */
export const unreadableStage = '\0';

/** A job of the file, read and with `default` applied, before rules and matrices. */
export interface JobDefinition {
  readonly name: string;
  /** The job's key in the file. */
  readonly span: Span;
  readonly stage: string;
  /** Where `stage` is written; the job's key when it is not. */
  readonly stageSpan: Span;
  readonly keys: FieldValues<typeof jobFields>;
  /** One entry without `parallel`. */
  readonly instances: readonly JobInstance[];
}

/** One job that a definition makes. */
export interface JobInstance {
  readonly name: string;
  readonly job: JobDefinition;
  /** Matrix variables; null without a matrix. */
  readonly matrix: Variables | null;
  readonly parallel: { readonly index: number; readonly total: number } | null;
}
