/** What is known about the pipeline before it is created. */
export interface PipelineContext {
  /** `CI_*` and the like; the weakest of all variables. */
  readonly predefined: Readonly<Record<string, string>>;
  /** Given for this run (`--var`); stronger than anything in the file. */
  readonly pipelineVariables: Readonly<Record<string, string>>;
  /** Paths changed against the base; null when there is nothing to compare with, which makes `changes` true. */
  readonly changedFiles: readonly string[] | null;
}
