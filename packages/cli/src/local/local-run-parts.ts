import type { RunEvent } from '@xx-pipeline/client';
import type {
  Clock,
  IdSource,
  PipelineExecution,
  PipelinePlan,
  PullPolicy,
  Report,
  SourceInfo,
  SourceRequest,
} from '@xx-pipeline/common';
import type { PipelineVariable, RunnerFacts } from '@xx-pipeline/pipeline-language';
import type { DependencySource, JobArtifacts, JobRunner } from '@xx-pipeline/worker/execution';
import type { JobIdentity, LocalRun } from '../reports/LocalRun.ts';

/** What the jobs of a run get to know, the same for all of them. */
export interface JobSurroundings {
  /** Predefined variables of the pipeline with this run number. */
  readonly predefined: (runNumber: number) => Readonly<Record<string, string>>;
  /** Given for this run. */
  readonly variables: readonly PipelineVariable[];
  readonly runner: RunnerFacts;
  readonly source: SourceRequest;
  /** Stronger than what the file says about pulling. */
  readonly pullPolicy?: PullPolicy;
  /** Seconds for jobs without a timeout of their own. */
  readonly defaultTimeout?: number;
  /** Jobs that the file calls manual and that were asked for. */
  readonly playedJobs: ReadonlySet<string>;
}

/** What a local run is made of. */
export interface LocalRunParts {
  readonly plan: PipelinePlan;
  readonly id: string;
  readonly pipelineName: string;
  readonly sourceInfo: SourceInfo;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly jobs: JobSurroundings;
  /** Claims the run's number and directory. */
  readonly openRun: (jobs: readonly JobIdentity[]) => Promise<LocalRun>;
  readonly createJobRunner: (ports: { dependencies: DependencySource; artifacts: JobArtifacts }) => JobRunner;
  /** Jobs that run at once. */
  readonly slots: number;
  /** Whether the tree has uncommitted changes; may come any time. Never rejects. */
  readonly dirty: Promise<boolean>;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly emit: (event: RunEvent) => void | Promise<void>;
  /** Stop: running jobs are asked to end, others do not start. */
  readonly interrupted: AbortSignal;
  /** Stop asking. */
  readonly killed: AbortSignal;
}

/** How a local run ended. */
export interface LocalRunResult {
  readonly execution: PipelineExecution;
  readonly report: Report;
}
