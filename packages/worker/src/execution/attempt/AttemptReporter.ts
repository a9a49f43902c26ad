import type { Clock, JobOutcome, JobPhase, PhaseTimings, RunnerLine } from '@xx-pipeline/common';
import type { EventStream } from '../log/EventStream.ts';
import type { LogPipe } from '../log/LogPipe.ts';
import { PhaseTimer } from './PhaseTimer.ts';

/** Which part of an attempt's timings the time of a phase belongs to. */
const bucketOf = {
  dependencies: 'queue',
  pull: 'pull',
  prepare: 'prepare',
  script: 'script',
  after_script: 'script',
  artifacts: 'artifacts',
  cleanup: 'none',
} as const satisfies Record<JobPhase, string>;

/** Phases that begin with a line of the log, which stands for their event. */
const lineOf: { readonly [Phase in JobPhase]?: RunnerLine } = {
  after_script: { kind: 'after-script' },
  artifacts: { kind: 'artifacts' },
};

/** Reports what an attempt is doing and measures for how long. */
export class AttemptReporter {
  readonly #events: EventStream;
  readonly #log: LogPipe;
  readonly #clock: Clock;
  readonly #timer: PhaseTimer;

  constructor(parts: { events: EventStream; log: LogPipe; clock: Clock }) {
    this.#events = parts.events;
    this.#log = parts.log;
    this.#clock = parts.clock;
    this.#timer = new PhaseTimer(parts.clock);
  }

  /** A phase begins, or began at `since`. Resolves when the receiver has recorded it. */
  enter(phase: JobPhase, since?: number): void | Promise<void> {
    const line = lineOf[phase];
    if (line !== undefined) return this.enterWith(line, phase);
    this.#timer.switchTo(bucketOf[phase], since);
    return this.#events.send({ type: 'phase', phase, at: this.#clock.now() });
  }

  /** A phase begins with a line that stands for its event. */
  enterWith(line: RunnerLine, phase: JobPhase): void | Promise<void> {
    this.#timer.switchTo(bucketOf[phase]);
    return this.#log.line(line);
  }

  /** The attempt only waits from now on, until `enter` or `waits(false)`. */
  waits(isWaiting: boolean): void {
    this.#timer.switchTo(isWaiting ? 'queue' : 'prepare');
  }

  /** Only the newest numbers matter: a receiver that is behind misses some. */
  pullProgress(image: string, current: number, total: number): void {
    if (this.#events.busy) return;
    void this.#events.send({ type: 'pull-progress', image, current, total, at: this.#clock.now() });
  }

  /** A warning that comes too late for the log, which is complete. */
  lateWarning(message: string): void {
    void this.#events.send({ type: 'warning', message, at: this.#clock.now() });
  }

  /** The time spent so far. No time counts any more. */
  stopTimer(): PhaseTimings {
    return this.#timer.stop();
  }

  /** Sends the last event. */
  finish(outcome: JobOutcome): Promise<void> {
    return this.#events.end({ type: 'finished', outcome, at: this.#clock.now() });
  }
}
