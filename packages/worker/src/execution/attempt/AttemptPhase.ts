import type { ArtifactRef, JobPhase, JobRequest, RunnerLine } from '@xx-pipeline/common';
import type { JobContainer, ScriptExit } from '../JobExecutor.ts';
import type { RunnerSettings } from '../job-runner-parts.ts';
import type { LogPipe } from '../log/LogPipe.ts';
import type { PreparedJob } from '../PreparedJob.ts';
import type { AttemptReporter } from './AttemptReporter.ts';
import type { AttemptSignals } from './AttemptSignals.ts';
import type { AttemptStops } from './AttemptStops.ts';
import type { JobEnding } from './JobEnding.ts';

/**
 * One phase of an attempt. It does its own work and nothing else: the list in `attempt-phases.ts` gives the order, and
 * `AttemptRun` reports it, times it, limits it, stops it, makes its failure an ending and cleans up after it.
 * Phases hold no state; what one leaves for the next is in `Attempt.state`.
 */
export interface AttemptPhase {
  /** For messages: `artifacts failed: ...`. */
  readonly name: string;
  /** The phase that it is reported and timed as; null: as a part of the phase before. */
  readonly reportedAs: JobPhase | null;
  /**
   * `until an ending`: runs while nothing has ended the attempt; an ending that it returns or throws is the attempt's.
   * `after the script`: runs once a script has ended, whatever that gave, unless the attempt was killed; when it fails,
   * that is the ending of a job that succeeded, and a warning for any other.
   */
  readonly runs: 'until an ending' | 'after the script';
  /** Its time is part of the job's `timeout`. */
  readonly countsForTimeout: boolean;
  /** A cancel does not end it: its limit and a kill do. */
  readonly survivesCancel?: boolean;
  /** `run` ends by itself soon after its signal aborts; any other `run` is abandoned then. */
  readonly endsItself?: boolean;

  /** Whether this attempt has anything to do here. A line of the log says why what was asked for is skipped. */
  applies(attempt: Attempt): boolean | RunnerLine;

  /** Its own time limit; null for none beside the job's timeout. */
  limit(attempt: Attempt): PhaseLimit | null;

  /** Resolves with the ending that it brings about, null for none. Throws what `endingOfError` knows. */
  run(attempt: Attempt, signal: AbortSignal): Promise<JobEnding | null>;
}

/** A time limit and what is wrong when it is over. */
export interface PhaseLimit {
  readonly ms: number;
  /** Followed by `within 30 min`. */
  readonly late: string;
}

/** One attempt as its phases see it. */
export interface Attempt {
  readonly request: JobRequest;
  readonly settings: RunnerSettings;
  readonly outside: AttemptSignals;
  /** Begins to make the attempt's container. */
  readonly prepare: () => PreparedJob;
  readonly log: LogPipe;
  readonly reporter: AttemptReporter;
  readonly stops: AttemptStops;
  readonly state: AttemptState;
}

/** What the phases of one attempt leave for those after them. */
export interface AttemptState {
  /** Begins each mark in the output of its scripts. */
  readonly mark: string;
  /** How the attempt ended; null while nothing has ended it. */
  ending: JobEnding | null;
  /** The container, from the first moment on that something may have to be removed. */
  prepared: PreparedJob | null;
  container: JobContainer | null;
  /** Whether the script has ended; `given up`: it cannot be stopped, so that its container is only good for removal. */
  script: 'not ended' | 'ended' | 'given up';
  exit: ScriptExit | null;
  artifacts: readonly ArtifactRef[];
  /** Undo what phases have done, last first, when everything else is over. They run whatever happens. */
  readonly cleanUps: CleanUp[];
}

/** One step of the clean-up. Bounded by `cleanUpMs`, however it behaves; what it throws is a warning. */
export interface CleanUp {
  /** For the warning when it does not end: `a container`. */
  readonly what: string;
  readonly run: () => void | Promise<void>;
}

/** The container of an attempt that has been prepared. */
export function containerOf({ state }: Attempt): JobContainer {
  if (state.container === null) throw new Error('a phase needs the container before it is prepared');
  return state.container;
}
