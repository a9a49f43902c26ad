import { randomBytes } from 'node:crypto';
import { type JobOutcome, type JobRequest, messageOf, orAborted } from '@xx-pipeline/common';
import { formatDuration } from '../format.ts';
import type { RunnerSettings } from '../job-runner-parts.ts';
import { EventStream } from '../log/EventStream.ts';
import { LogPipe } from '../log/LogPipe.ts';
import { createSecretMask } from '../log/mask-secrets.ts';
import type { PreparedJob } from '../PreparedJob.ts';
import type { Attempt, AttemptPhase, AttemptState } from './AttemptPhase.ts';
import { AttemptReporter } from './AttemptReporter.ts';
import type { AttemptSignals } from './AttemptSignals.ts';
import { AttemptStops } from './AttemptStops.ts';
import { attemptPhases } from './attempt-phases.ts';
import {
  endingOfError,
  eventsNotRecorded,
  failed,
  type JobEnding,
  JobStopped,
  lastLine,
  outcomeOfEnding,
} from './JobEnding.ts';
import { TimeLimit } from './TimeLimit.ts';

/** Seconds for an attempt unless its request says otherwise. */
const defaultTimeout = 3600;

/**
 * One attempt of one job, from request to outcome: runs the list of phases and does for each what all need.
 *
 *   dependencies --> slot --> prepare --> restore --> script --> after_script --> artifacts --> clean-up
 *        '------------'----------'-----------'----------'- any failure or stop ------------------> '
 */
export class AttemptRun {
  readonly #attempt: Attempt;
  readonly #state: AttemptState;
  /** The job's own time, which several phases share. */
  #timeout: TimeLimit | null = null;

  constructor(settings: RunnerSettings, request: JobRequest, outside: AttemptSignals, prepare: () => PreparedJob) {
    const { clock, logLimit } = settings;
    const stops = new AttemptStops(clock, outside);
    const events = new EventStream(outside.onEvent, (error) => stops.end(eventsNotRecorded(error)));
    const mask = createSecretMask(request.variables ?? []);
    const log = new LogPipe({ events, mask, clock, limit: logLimit, reported: outside.reportedLog });
    const reporter = new AttemptReporter({ events, log, clock });
    this.#state = {
      mark: `\u001e${randomBytes(12).toString('hex')}:`,
      ending: null,
      prepared: null,
      container: null,
      script: 'not ended',
      exit: null,
      artifacts: [],
      cleanUps: [],
    };
    this.#attempt = { request, settings, outside, prepare, log, reporter, stops, state: this.#state };
  }

  /** Runs it. `prepared` is removed at the end whether it was used or not. Never rejects. */
  async run(prepared: PreparedJob | null): Promise<JobOutcome> {
    this.#state.prepared = prepared;
    for (const phase of attemptPhases) {
      if (this.#isNext(phase)) await this.#runPhase(phase);
    }
    return this.#conclude();
  }

  #isNext(phase: AttemptPhase): boolean {
    const { stops, log } = this.#attempt;
    const isAfterScript = phase.runs === 'after the script';
    const isReached = isAfterScript
      ? this.#state.script !== 'not ended' && !stops.kill.aborted
      : this.#state.ending === null;
    const applies = isReached && phase.applies(this.#attempt);
    if (applies === false) return false;
    if (isAfterScript && this.#state.script === 'given up') {
      void log.warn(`skipping ${phase.name}: the script could not be stopped`);
      return false;
    }
    if (applies === true) return true;
    void log.line(applies);
    return false;
  }

  async #runPhase(phase: AttemptPhase): Promise<void> {
    const { stops, log, outside, reporter } = this.#attempt;
    this.#countTimeout(phase);
    const limit = this.#startLimit(phase);
    const signal = this.#signalFor(phase, limit);
    try {
      signal.throwIfAborted();
      // Recorded before it begins: from the script on, the job may have an effect.
      const since = phase.reportedAs === 'script' ? outside.begunAt : undefined;
      const recorded = phase.reportedAs === null ? undefined : reporter.enter(phase.reportedAs, since);
      if (recorded !== undefined) await orAborted(recorded, signal);
      const running = phase.run(this.#attempt, signal);
      const ending = await (phase.endsItself === true ? running : orAborted(running, signal));
      if (ending !== null) this.#state.ending = ending;
    } catch (error) {
      if (this.#state.ending === null || this.#state.ending.kind === 'success') {
        // A stop makes whatever is under way fail: then the stop is the reason, not its consequence.
        this.#state.ending = endingOfError(stops.stop.aborted ? stops.stop.reason : error);
      } else if (!stops.kill.aborted) await log.warn(`${phase.name} failed: ${messageOf(error)}`);
    } finally {
      if (limit !== null) stops.lift(limit);
    }
    // A cancel that came after the script turns success into canceled.
    if (this.#state.ending?.kind === 'success' && stops.stop.aborted) {
      this.#state.ending = endingOfError(stops.stop.reason);
    }
  }

  get #timeoutMs(): number {
    return (this.#attempt.request.timeout ?? defaultTimeout) * 1000;
  }

  /** The job's time begins with the first phase that counts for it, and ends with the first after it that does not. */
  #countTimeout(phase: AttemptPhase): void {
    const { settings, outside, stops } = this.#attempt;
    if (!phase.countsForTimeout) {
      this.#timeout?.lift();
      return;
    }
    const timeout = this.#timeoutMs;
    const spent = outside.begunAt === undefined ? 0 : settings.clock.now() - outside.begunAt;
    const late = failed('timeout', `timed out after ${formatDuration(timeout)}`);
    this.#timeout ??= stops.startLimit(Math.max(1, timeout - spent), late);
  }

  /** Being late on the way to the script ends the attempt; after it, only the phase. */
  #startLimit(phase: AttemptPhase): TimeLimit | null {
    const { stops } = this.#attempt;
    const limit = phase.limit(this.#attempt);
    // The job's own time is over first, or at the same moment.
    if (limit === null || (phase.countsForTimeout && this.#timeoutMs <= limit.ms)) return null;
    const late = `${limit.late} within ${formatDuration(limit.ms)}`;
    return phase.runs === 'until an ending'
      ? stops.startLimit(limit.ms, failed('system_failure', late))
      : stops.startPhaseLimit(limit.ms, late);
  }

  /** A cancel that is known already does not end what runs in spite of it; a new one does. */
  #signalFor(phase: AttemptPhase, limit: TimeLimit | null): AbortSignal {
    const { stop, kill } = this.#attempt.stops;
    // Its limit stops it too, see above: combining signals is expensive.
    if (phase.runs === 'until an ending') return stop;
    const signal = phase.survivesCancel === true || stop.aborted ? kill : stop;
    return limit === null ? signal : AbortSignal.any([signal, limit.signal]);
  }

  /** The end of every attempt: nothing of it may be left. */
  async #conclude(): Promise<JobOutcome> {
    const { stops, log, reporter } = this.#attempt;
    const ending = this.#state.ending ?? endingOfError(new Error('no phase has ended the attempt'));
    const outcome = this.#outcome(ending);
    const logged = log.line(lastLine(ending));
    await this.#reportDecided(outcome, logged);
    await this.#cleanUp(ending);
    stops.close();
    await reporter.finish(outcome);
    return outcome;
  }

  /** With the whole log before it: a process that is killed after this adds nothing to it. Failing to record it loses only that. */
  async #reportDecided(outcome: JobOutcome, logged: void | Promise<void>): Promise<void> {
    const { onDecided } = this.#attempt.outside;
    if (onDecided === undefined) return;
    try {
      await logged;
      await onDecided(outcome);
    } catch {}
  }

  /** Undoes what the phases did, under one deadline: what does not end is left behind, and everything else still happens. */
  async #cleanUp(ending: JobEnding): Promise<void> {
    const { settings, reporter } = this.#attempt;
    const { cleanUpMs } = settings.times;
    const { cleanUps, prepared, container } = this.#state;
    if (prepared !== null) {
      // The reason is for a preparation that is still running; an error is expensive to make.
      const reason = container === null ? new JobStopped(ending) : ending.kind;
      cleanUps.push({ what: 'a container', run: () => prepared.discard(reason) });
    }
    const limit = new TimeLimit(settings.clock, cleanUpMs);
    for (let step = cleanUps.pop(); step !== undefined; step = cleanUps.pop()) {
      try {
        const running = step.run();
        if (running !== undefined) await orAborted(running, limit.signal);
      } catch (error) {
        const late = limit.signal.aborted ? `did not end within ${formatDuration(cleanUpMs)}` : messageOf(error);
        reporter.lateWarning(`clean-up ${late}: ${step.what} may be left`);
      }
    }
    limit.lift();
  }

  #outcome(ending: JobEnding): JobOutcome {
    const { reporter, log } = this.#attempt;
    const { status, failureReason, failureMessage } = outcomeOfEnding(ending);
    return {
      status,
      exitCode: this.#state.exit?.exitCode ?? null,
      failureReason,
      failureMessage: failureMessage === null ? null : log.mask.text(failureMessage),
      timings: reporter.stopTimer(),
      artifacts: this.#state.artifacts,
    };
  }
}
