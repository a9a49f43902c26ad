import { artifactLimits, type Clock } from '@xx-pipeline/common';
import type { ArtifactLimits } from './artifacts/ArtifactCollector.ts';
import type { JobExecutor } from './JobExecutor.ts';
import { defaultLogLimit } from './log/LogPipe.ts';
import type { DependencySource, JobArtifacts } from './ports.ts';

/** The collaborators and limits of a `JobRunner`. */
export interface JobRunnerParts {
  readonly executor: JobExecutor;
  readonly dependencies: DependencySource;
  readonly artifacts: JobArtifacts;
  readonly clock: Clock;
  readonly times?: Partial<AttemptTimes>;
  /** Bytes of output kept from the beginning of a job. Default 1 GiB. */
  readonly logLimit?: number;
  readonly artifactLimits?: ArtifactLimits;
}

/** How long the parts of an attempt may take besides its own timeout, in milliseconds. */
export interface AttemptTimes {
  /** In a queue of the engine's own. Default 24 h. */
  readonly queueMs: number;
  /** Until the container is ready, its image pulled; the job's timeout may end it earlier. Default 1 h. */
  readonly prepareMs: number;
  /** For restoring the artifacts of needed jobs, and again for keeping its own. Default 30 min. */
  readonly artifactsMs: number;
  /** For `after_script`. Default 5 min. */
  readonly afterScriptMs: number;
  /** Between TERM and KILL. Default 10 s. */
  readonly graceMs: number;
  /** After KILL, until a script that has not ended is given up. Default 10 s. */
  readonly killMs: number;
  /** For removing the container; then the slot is given back whatever is left. Default 5 min. */
  readonly cleanUpMs: number;
}

/** The parts with every default filled in. */
export type RunnerSettings = Required<JobRunnerParts> & { readonly times: AttemptTimes };

const minute = 60_000;
const defaultTimes: AttemptTimes = {
  queueMs: 24 * 60 * minute,
  prepareMs: 60 * minute,
  artifactsMs: 30 * minute,
  afterScriptMs: 5 * minute,
  graceMs: 10_000,
  killMs: 10_000,
  cleanUpMs: 5 * minute,
};

/** Fills in the defaults. */
export function withDefaults(parts: JobRunnerParts): RunnerSettings {
  return {
    logLimit: defaultLogLimit,
    artifactLimits,
    ...parts,
    times: { ...defaultTimes, ...parts.times },
  };
}
