import type { Span } from '../diagnostics/Span.ts';

/** When a job whose turn has come starts. `never` excludes a job, so it never reaches a plan. */
export type When = 'on_success' | 'on_failure' | 'always' | 'manual' | 'delayed';

/** When a pull asks the registry. */
export type PullPolicy = 'always' | 'if-not-present' | 'never';

/** The container image of a job. Texts may hold variables, expanded when the job is requested. */
export interface ImagePlan {
  readonly name: string;
  /** Replaces the image's entrypoint; `['']` removes it. */
  readonly entrypoint?: readonly string[];
  /** Tried in order; the first that succeeds wins. */
  readonly pullPolicy?: readonly PullPolicy[];
  readonly user?: string;
  readonly platform?: string;
}

/** A variable as written, before expansion. */
export interface VariablePlan {
  readonly value: string;
  /** `expand: false`: references in the value stay as they are. */
  readonly raw?: boolean;
}

/** One dependency edge, already renamed to a concrete job of the plan. */
export interface NeedPlan {
  readonly job: string;
  /** Whether the needed job's artifacts are fetched. */
  readonly artifacts: boolean;
}

/** Which files a job keeps. Globs are relative to the workspace; texts may hold variables. */
export interface ArtifactsPlan {
  readonly name?: string;
  readonly paths: readonly string[];
  readonly exclude: readonly string[];
  readonly when: 'on_success' | 'on_failure' | 'always';
  /** Seconds; null = never expires; absent = the installation's default. */
  readonly expireIn?: number | null;
}

/** Which failures start another attempt. */
export interface RetryPlan {
  /** Extra attempts, 0 to 2. */
  readonly max: number;
  /** GitLab's reasons (`script_failure`, `runner_system_failure`, …) or `always`. */
  readonly when: readonly string[];
  readonly exitCodes: readonly number[];
}

/** Which failures leave the pipeline green. */
export type AllowFailurePlan = boolean | { readonly exitCodes: readonly number[] };

/** One clause of a rule and what it came to. */
export interface RuleClauseTrace {
  readonly clause: 'if' | 'changes' | 'exists';
  /** The clause as written. */
  readonly text: string;
  readonly result: boolean;
  /** Why, with the values involved: `CI_COMMIT_TAG is unset`. */
  readonly reason: string;
}

/** What became of one rule of a job or workflow. */
export interface RuleTrace {
  readonly index: number;
  readonly span?: Span;
  readonly clauses: readonly RuleClauseTrace[];
  /** `not-reached` when an earlier rule decided. */
  readonly outcome: 'matched' | 'not-matched' | 'not-reached';
  /** The rule's effective `when` if it matched. */
  readonly when?: string;
}

/** Why a job is in the pipeline, or why it is not. */
export interface Admission {
  /** One sentence for people. */
  readonly reason: string;
  readonly rules: readonly RuleTrace[];
}

/** One job, normalised: defaults applied, parents merged, rules decided, matrix expanded, names concrete. */
export interface JobPlan {
  /** Unique in the plan: `test`, `test 1/3`, `test: [linux, 22]`. */
  readonly name: string;
  /** The name in the file, shared by the instances of a matrix. */
  readonly baseName: string;
  readonly stage: string;
  readonly image: ImagePlan;
  /** `before_script` and `script`, flattened; run in order in one shell. */
  readonly script: readonly string[];
  /** Runs in a shell of its own after the script, whatever its outcome. */
  readonly afterScript: readonly string[];
  /** Pipeline-file variables of this job: global, job, matrix and rule values overlaid in that order. */
  readonly variables: Readonly<Record<string, VariablePlan>>;
  /** null: runs when all earlier stages are done. A list (even empty): runs when exactly these are done. */
  readonly needs: readonly NeedPlan[] | null;
  /** Jobs whose artifacts are fetched, in order; already resolved from needs, dependencies or stages. */
  readonly artifactsFrom: readonly string[];
  /** Labels a worker must have, all of them; may hold variables, expanded when the job is scheduled. */
  readonly tags: readonly string[];
  readonly when: When;
  /** Seconds to wait once its turn has come; only with `when: delayed`. */
  readonly startIn?: number;
  readonly allowFailure: AllowFailurePlan;
  readonly artifacts: ArtifactsPlan | null;
  readonly retry: RetryPlan;
  /** Seconds for the whole attempt; null = the installation's default (one hour). */
  readonly timeout: number | null;
  /** Position among the instances of `parallel`; null without it. Index counts from 1. */
  readonly parallel: { readonly index: number; readonly total: number } | null;
  /** Why it is in. */
  readonly admission: Admission;
  /** The job's key in the file. */
  readonly span: Span;
}
