import type { ImagePlan } from '../plan/JobPlan.ts';

/** A variable of a job, fully expanded. */
export interface JobVariable {
  readonly name: string;
  readonly value: string;
  /** Masked in logs, never shown. */
  readonly secret?: boolean;
}

/** A job this one waits for. */
export interface JobDependency {
  readonly jobId: string;
  readonly jobName: string;
  /** Whether its artifacts are fetched. */
  readonly artifacts: boolean;
  /** false: waited for, but a failure of it does not fail this job (`when: on_failure` and `always`). Default true. */
  readonly mustSucceed?: boolean;
}

/** Artifacts to keep, with variables expanded. */
export interface ArtifactRequest {
  readonly name: string;
  readonly paths: readonly string[];
  readonly exclude: readonly string[];
  readonly when: 'on_success' | 'on_failure' | 'always';
}

/** The files a job starts from. Never a local path: the engine may be on another machine. */
export type SourceRequest =
  /** An empty workspace. */
  | { readonly kind: 'empty' }
  /** The tree that the executor was told about under this key (a directory, a snapshot, a commit). */
  | { readonly kind: 'tree'; readonly key: string };

/**
 * Everything needed to run one attempt of one job. In the API the first five fields are enough, and `image` may be a name:
 * `jobRequestSchema` puts in the defaults at the door, so nothing behind it decides them again.
 */
export interface JobRequest {
  readonly jobId: string;
  readonly jobName: string;
  readonly stageName: string;
  /** Variables already expanded. */
  readonly image: ImagePlan;
  /** Commands, run in order in one shell. */
  readonly script: readonly string[];

  readonly afterScript?: readonly string[];
  readonly pipelineExecutionId?: string;
  /** Counts from 1. */
  readonly attempt: number;
  /** Fencing token of this attempt. */
  readonly token?: string;
  readonly variables?: readonly JobVariable[];
  readonly needs?: readonly JobDependency[];
  readonly artifacts?: ArtifactRequest;
  /** Seconds for the whole attempt after its dependencies are done. Default 3600. */
  readonly timeout?: number;
  /** Seconds to wait for dependencies. Default 3600. */
  readonly dependencyTimeout?: number;
  readonly allowFailure?: boolean;
  readonly source: SourceRequest;
}
