import type { Clock } from '@xx-pipeline/common';
import { type ArtifactLimits, defaultArtifactLimits } from './artifacts/ArtifactCollector.ts';
import type { JobExecutor } from './JobExecutor.ts';
import { defaultLogLimit } from './log/LogPipe.ts';
import type { DependencySource, JobArtifacts } from './ports.ts';

/** What a `JobRunner` works with. Times in milliseconds. */
export interface JobRunnerParts {
  readonly executor: JobExecutor;
  readonly dependencies: DependencySource;
  readonly artifacts: JobArtifacts;
  readonly clock: Clock;
  /** Between TERM and KILL. Default 10 s. */
  readonly graceMs?: number;
  /** After KILL, until a container that does not answer is given up. Default 10 s. */
  readonly killMs?: number;
  /** For `after_script`. Default 5 min. */
  readonly afterScriptMs?: number;
  /** For collecting and storing artifacts. Default 30 min. */
  readonly artifactsMs?: number;
  /** Bytes of output kept from the beginning of a job. Default 1 GiB. */
  readonly logLimit?: number;
  readonly artifactLimits?: ArtifactLimits;
}

/** The parts with every default filled in. */
export type RunnerSettings = Required<JobRunnerParts>;

/** Fills in what was not said. */
export function withDefaults(parts: JobRunnerParts): RunnerSettings {
  return {
    graceMs: 10_000,
    killMs: 10_000,
    afterScriptMs: 300_000,
    artifactsMs: 1_800_000,
    logLimit: defaultLogLimit,
    artifactLimits: defaultArtifactLimits,
    ...parts,
  };
}
