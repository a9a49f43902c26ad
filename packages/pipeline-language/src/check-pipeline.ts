import type { Diagnostic, PipelinePlan } from '@xx-pipeline/common';

/** The files a pipeline may read: a working tree, a commit, a map in tests. Paths are relative to the repository root. */
export interface FileProvider {
  /** The text of a file; null when there is none. Throws only when the machine fails. */
  read(path: string): string | null;
  /** All file paths of the tree, for wildcards and `rules:exists`; called at most once, and only if needed. */
  list(): readonly string[];
}

/** What is known about the pipeline before it is created. */
export interface PipelineContext {
  /** `CI_*` and the like; the weakest of all variables. */
  readonly predefined: Readonly<Record<string, string>>;
  /** Given for this run (`--var`); stronger than anything in the file. */
  readonly pipelineVariables: Readonly<Record<string, string>>;
  /** Paths changed against the base; null when there is nothing to compare with, which makes `changes` true. */
  readonly changedFiles: readonly string[] | null;
}

/** A pipeline file and its surroundings. */
export interface CheckInput {
  /** Path of the root file, as messages should show it. */
  readonly file: string;
  readonly text: string;
  readonly files: FileProvider;
  readonly context: PipelineContext;
}

/** What checking came to. A plan exists exactly when there is no error and the rules admit a pipeline. */
export interface CheckResult {
  /** All independent problems, in file order. */
  readonly diagnostics: readonly Diagnostic[];
  readonly plan: PipelinePlan | null;
  /** Why a valid file makes no pipeline here (workflow rules, no job left); null otherwise. */
  readonly notCreated: string | null;
  /** Text of every file read, by path: diagnostics are shown with it. */
  readonly sources: ReadonlyMap<string, string>;
}

/** The front door of the language. Pure but for the file provider; never throws on bad input. */
export declare function checkPipeline(input: CheckInput): CheckResult;
