import type { RunEvent } from '@xx-pipeline/client';
import type { Clock, IdSource, PipelineExecution, Report, SourceRequest } from '@xx-pipeline/common';
import type { Run, RunnerFacts } from '@xx-pipeline/pipeline-language';
import type { DependencySource, JobArtifacts, JobRunner } from '@xx-pipeline/worker/execution';
import type { JobIdentity, LocalRun } from '../reports/LocalRun.ts';

/** The machine that runs the jobs. */
export interface LocalMachine {
  readonly runner: RunnerFacts;
  readonly source: SourceRequest;
  /** Jobs that run at the same time. */
  readonly slots: number;
  readonly createJobRunner: (ports: { dependencies: DependencySource; artifacts: JobArtifacts }) => JobRunner;
}

/** The parts of a local run. */
export interface LocalRunParts {
  readonly run: Run;
  readonly machine: LocalMachine;
  /** Claims the number and the directory of the run. */
  readonly openRun: (id: string, jobs: readonly JobIdentity[]) => Promise<LocalRun>;
  /** Whether the tree has uncommitted changes; may resolve at any time. Never rejects. */
  readonly dirty: Promise<boolean>;
  readonly emit: (event: RunEvent) => void | Promise<void>;
  readonly world: { readonly clock: Clock; readonly ids: IdSource };
  readonly stops: {
    /** Running jobs are asked to end, others do not start. */
    readonly interrupted: AbortSignal;
    /** Running jobs are killed. */
    readonly killed: AbortSignal;
  };
}

/** How a local run ended. */
export interface LocalRunResult {
  readonly execution: PipelineExecution;
  readonly report: Report;
}
