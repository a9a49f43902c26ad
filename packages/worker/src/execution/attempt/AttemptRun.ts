import { randomBytes } from 'node:crypto';
import {
  type ArtifactRef,
  aborted,
  type JobOutcome,
  type JobPhase,
  type JobRequest,
  messageOf,
  type PhaseTimings,
  type Result,
  type RunnerLine,
} from '@xx-pipeline/common';
import { keepArtifacts } from '../artifacts/ArtifactCollector.ts';
import { restoreArtifacts } from '../artifacts/restore-artifacts.ts';
import { ExecutionBroken } from '../errors.ts';
import { formatDuration } from '../format.ts';
import type { JobContainer, OutputSink, PrepareObserver, ScriptExit, ShellScript } from '../JobExecutor.ts';
import type { RunnerSettings } from '../job-runner-parts.ts';
import { EventStream, type OnJobEvent } from '../log/EventStream.ts';
import { LogPipe } from '../log/LogPipe.ts';
import { createSecretMask, type SecretMask } from '../log/mask-secrets.ts';
import type { ToldLog } from '../log/ToldLog.ts';
import type { PreparedJob } from '../PreparedJob.ts';
import { type ScriptText, scriptText } from '../shell/script-text.ts';
import {
  endingOfError,
  eventsNotRecorded,
  failed,
  isKept,
  type JobEnding,
  JobStopped,
  lastLine,
  outcomeOfEnding,
  scriptFailure,
} from './JobEnding.ts';
import { PhaseTimer } from './PhaseTimer.ts';
import { PullReporter } from './PullReporter.ts';
import { runUntilStopped } from './run-until-stopped.ts';
import { TimeLimit } from './TimeLimit.ts';
import { checkAndWaitForDependencies } from './wait-for-dependencies.ts';

/** Gives a slot back. */
export type ReleaseSlot = () => void;

/** What reaches an attempt from outside and what it tells. */
export interface AttemptSignals {
  /** Cancels: TERM, grace time, KILL; `after_script` still runs. */
  readonly signal: AbortSignal;
  /** Ends at once: KILL, no `after_script`, no artifacts. Cancels too. */
  readonly kill?: AbortSignal;
  /** Called when nothing but a free slot is missing. */
  readonly acquireSlot?: () => Promise<ReleaseSlot>;
  /**
   * The attempt's container waits in a queue of its engine's own (true), or no longer does (false): meanwhile the
   * attempt does not need its slot. It takes none again when its container starts: that has a place already.
   */
  readonly onQueued?: (isQueued: boolean) => void;
  readonly onEvent: OnJobEvent;
  /** Called when the outcome is decided and before anything of the container goes; its promise is waited for. */
  readonly onDecided?: (outcome: JobOutcome) => void | Promise<void>;
  /** What an earlier process has told of this attempt. */
  readonly told?: ToldLog;
  /** The script was begun by an earlier process at this time (ms): `prepared` holds its container. */
  readonly begunAt?: number;
}

/** Seconds for an attempt unless its request says otherwise. */
const defaultTimeout = 3600;

/**
 * One attempt of one job, from request to outcome.
 *
 *   dependencies --> slot --> pull, prepare --> script --> after_script --> artifacts --> cleanup
 *        '------------'-------------'--------------'------- any failure or stop --------> '
 *
 * After a script that failed or was canceled the way goes on through after_script and artifacts;
 * from anywhere else, and on a kill, it leads straight to cleanup.
 */
export class AttemptRun {
  readonly #settings: RunnerSettings;
  readonly #request: JobRequest;
  readonly #outside: AttemptSignals;
  readonly #prepare: () => PreparedJob;
  readonly #events: EventStream;
  readonly #mask: SecretMask;
  readonly #log: LogPipe;
  readonly #timer: PhaseTimer;
  /** The attempt must end; its reason is a `JobStopped`. */
  readonly #stop = new AbortController();
  /** And at once. */
  readonly #kill = new AbortController();
  /** The attempt is over: everything that still waits for something may go. */
  readonly #over = new AbortController();
  readonly #mark = `\u001e${randomBytes(12).toString('hex')}:`;
  readonly #observer: PrepareObserver;
  /** The job's own time. */
  #limit: TimeLimit | null = null;
  #prepared: PreparedJob | null = null;
  #release: ReleaseSlot | null = null;
  #exit: ScriptExit | null = null;
  /** Its script could not be ended, or the container is gone. */
  #givenUp = false;
  #command = -1;
  #artifacts: readonly ArtifactRef[] = [];

  constructor(settings: RunnerSettings, request: JobRequest, outside: AttemptSignals, prepare: () => PreparedJob) {
    this.#settings = settings;
    this.#request = request;
    this.#outside = outside;
    this.#prepare = prepare;
    this.#events = new EventStream(outside.onEvent, (error) => this.#stop.abort(eventsNotRecorded(error)));
    this.#mask = createSecretMask(request.variables ?? []);
    const { clock, logLimit } = settings;
    this.#log = new LogPipe({ events: this.#events, mask: this.#mask, clock, limit: logLimit, told: outside.told });
    this.#timer = new PhaseTimer(clock);
    this.#observer = new PullReporter({
      events: this.#events,
      log: this.#log,
      timer: this.#timer,
      clock,
      onQueued: (isQueued) => {
        if (isQueued) this.#limit?.pause();
        else this.#limit?.resume();
        outside.onQueued?.(isQueued);
      },
    });
  }

  /** Runs it. `prepared` is removed at the end whether it was used or not. Never rejects. */
  async run(prepared: PreparedJob | null): Promise<JobOutcome> {
    this.#prepared = prepared;
    this.#listen();
    let ending: JobEnding;
    try {
      ending = await this.#execute();
    } catch (error) {
      // A stop makes whatever is under way fail: the stop is the reason then, not its consequence.
      ending = endingOfError(this.#stop.signal.aborted ? this.#stop.signal.reason : error);
    }
    return this.#conclude(ending);
  }

  #listen(): void {
    const { signal, kill } = this.#outside;
    const over = this.#over.signal;
    const cancel = () => this.#stop.abort(new JobStopped({ kind: 'canceled' }));
    aborted(signal, over).then(cancel, () => {});
    if (kill === undefined) return;
    aborted(kill, over).then(
      () => {
        cancel();
        this.#kill.abort();
      },
      () => {},
    );
  }

  async #execute(): Promise<JobEnding> {
    const { clock, dependencies } = this.#settings;
    const stop = this.#stop.signal;
    const script = this.#script(this.#request.script, 'running');
    const afterScript = this.#script(this.#request.afterScript ?? [], 'success');
    if (!script.ok) return failed('config_error', script.error);
    if (!afterScript.ok) return failed('config_error', afterScript.error);
    for (const warning of [...this.#mask.warnings, ...script.value.warnings]) await this.#log.warn(warning);
    const { begunAt } = this.#outside;
    if ((this.#request.needs ?? []).length > 0 && begunAt === undefined) {
      void this.#phase('dependencies');
      const blocked = await checkAndWaitForDependencies(this.#request, dependencies, clock, stop);
      if (blocked !== null) return blocked;
    }
    await this.#takeSlot();
    const timeout = (this.#request.timeout ?? defaultTimeout) * 1000;
    this.#limit = this.#limitTime(
      begunAt === undefined ? timeout : Math.max(1, timeout - (clock.now() - begunAt)),
      timeout,
    );
    const container = await this.#takeContainer();
    if (begunAt === undefined) await this.#restore(container);
    const ending = await this.#runScript(container, script.value);
    this.#limit.lift();
    await this.#runAfterScript(container, ending);
    return this.#keepArtifacts(container, this.#canceledSince(ending));
  }

  /** A waiting attempt holds no slot; a slot that comes too late goes back at once. */
  async #takeSlot(): Promise<void> {
    this.#stop.signal.throwIfAborted();
    const granted = this.#outside.acquireSlot?.();
    if (granted === undefined) return;
    const late = () =>
      granted.then(
        (release) => release(),
        () => {},
      );
    try {
      this.#release = await Promise.race([granted, this.#stopped()]);
    } catch (error) {
      void late();
      throw error;
    }
  }

  async #takeContainer(): Promise<JobContainer> {
    this.#stop.signal.throwIfAborted();
    this.#timer.switchTo('prepare');
    void this.#phase('prepare');
    this.#prepared ??= this.#prepare();
    return Promise.race([this.#prepared.take(this.#observer), this.#stopped()]);
  }

  #restore(container: JobContainer): Promise<void> {
    return restoreArtifacts(this.#request.needs ?? [], container, {
      artifacts: this.#settings.artifacts,
      readerId: this.#request.jobId,
      limits: this.#settings.artifactLimits,
      warn: (message) => this.#log.warn(message),
      signal: this.#stop.signal,
    });
  }

  async #runScript(container: JobContainer, script: ScriptText): Promise<JobEnding> {
    this.#stop.signal.throwIfAborted();
    this.#timer.switchTo('script', this.#outside.begunAt);
    // Waited for: from here on the job may have an effect, which whoever keeps records must know before.
    await this.#phase('script');
    this.#stop.signal.throwIfAborted();
    const stop = this.#stop.signal;
    const commands = this.#request.script;
    const end = await this.#runText(container, script, commands, stop, (index, text) => {
      this.#command = index;
      return { kind: 'command', index, text };
    });
    if (end.stopped) {
      this.#givenUp = end.givenUp;
      return endingOfError(stop.reason);
    }
    this.#exit = end.exit;
    return end.exit.exitCode === 0 ? { kind: 'success' } : scriptFailure(end.exit, commands, this.#command);
  }

  /** Its failure only warns; the attempt's stop does not end it, its own limit and a kill do. */
  async #runAfterScript(container: JobContainer, ending: JobEnding): Promise<void> {
    const commands = this.#request.afterScript ?? [];
    if (commands.length === 0 || this.#kill.signal.aborted || this.#givenUp) return;
    if (ending.kind === 'failed' && ending.reason !== 'script_failure') {
      await this.#log.line({ kind: 'after-script-skipped', why: ending.message });
      return;
    }
    const text = this.#script(commands, ending.kind);
    if (!text.ok) return;
    await this.#log.line({ kind: 'after-script' });
    const { afterScriptMs, clock } = this.#settings;
    const limit = new TimeLimit(clock, afterScriptMs);
    const announce = (_: number, text: string): RunnerLine => ({ kind: 'after-command', text });
    const run = this.#runText(container, text.value, commands, limit.signal, announce);
    const end = await run.finally(() => limit.lift());
    if (end.stopped) this.#givenUp = end.givenUp;
    if (this.#kill.signal.aborted) return;
    if (end.stopped) await this.#log.warn(`after_script stopped: it took longer than ${formatDuration(afterScriptMs)}`);
    else if (end.exit.exitCode !== 0) {
      await this.#log.warn(`after_script failed with exit code ${end.exit.exitCode}; the job's result stays as it is`);
    }
  }

  async #keepArtifacts(container: JobContainer, ending: JobEnding): Promise<JobEnding> {
    const wanted = this.#request.artifacts;
    if (wanted === undefined || this.#kill.signal.aborted || !isKept(wanted.when, ending)) return ending;
    if (this.#givenUp) {
      await this.#log.warn('artifacts not kept: the script could not be ended');
      return ending;
    }
    this.#timer.switchTo('artifacts');
    void this.#log.line({ kind: 'artifacts' });
    const { artifacts, artifactLimits, artifactsMs, clock } = this.#settings;
    const late = new ExecutionBroken(`artifacts not stored within ${formatDuration(artifactsMs)}`);
    const limit = new TimeLimit(clock, artifactsMs, late);
    // A canceled job's cancel is known already; only a new one may interrupt the keeping.
    const stops = this.#stop.signal.aborted ? [this.#kill.signal] : [this.#kill.signal, this.#stop.signal];
    try {
      const { jobId, attempt = 1 } = this.#request;
      this.#artifacts = await keepArtifacts(wanted, container, {
        // The name goes into records, addresses and the names of files.
        owner: { jobId, attempt, name: this.#mask.text(wanted.name) },
        artifacts,
        limits: artifactLimits,
        warn: (message) => this.#log.warn(message),
        signal: AbortSignal.any([limit.signal, ...stops]),
      });
      return ending;
    } catch (error) {
      if (ending.kind !== 'success') {
        await this.#log.warn(`artifacts not kept: ${messageOf(error)}`);
        return ending;
      }
      throw error;
    } finally {
      limit.lift();
    }
  }

  async #runText(
    container: JobContainer,
    script: ScriptText,
    commands: readonly string[],
    stop: AbortSignal,
    announce: (index: number, command: string) => RunnerLine,
  ) {
    const { clock, graceMs, killMs } = this.#settings;
    const shell: ShellScript = { text: script.text, mark: this.#mark };
    const output: OutputSink = {
      write: (stream, bytes, at) => this.#log.write(stream, bytes, at),
      lost: (stream, why) => this.#log.lost(stream, why),
      mark: (index) => {
        const command = commands[index];
        if (command !== undefined) void this.#log.line(announce(index, command));
      },
    };
    try {
      return await runUntilStopped(container, shell, output, { stop, kill: this.#kill.signal, graceMs, killMs }, clock);
    } finally {
      await this.#log.flush();
    }
  }

  #script(commands: readonly string[], status: 'running' | JobEnding['kind']): Result<ScriptText, string> {
    const variables = [...(this.#request.variables ?? []), { name: 'CI_JOB_STATUS', value: status }];
    return scriptText(commands, variables, this.#mark);
  }

  /** From now on the attempt has this long. */
  #limitTime(ms: number, shown: number): TimeLimit {
    const limit = new TimeLimit(this.#settings.clock, ms);
    this.#over.signal.addEventListener('abort', () => limit.lift());
    limit.signal.addEventListener('abort', () =>
      this.#stop.abort(new JobStopped(failed('timeout', `timed out after ${formatDuration(shown)}`))),
    );
    return limit;
  }

  /** A cancel that came after the script turns success into canceled. */
  #canceledSince(ending: JobEnding): JobEnding {
    return ending.kind === 'success' && this.#stop.signal.aborted ? endingOfError(this.#stop.signal.reason) : ending;
  }

  /** Rejects with the reason as soon as the attempt must end. */
  async #stopped(): Promise<never> {
    await aborted(this.#stop.signal, this.#over.signal);
    throw this.#stop.signal.reason;
  }

  #phase(phase: JobPhase): void | Promise<void> {
    return this.#events.send({ type: 'phase', phase, at: this.#settings.clock.now() });
  }

  /** The end of every attempt: nothing of it may be left. */
  async #conclude(ending: JobEnding): Promise<JobOutcome> {
    const timings = this.#timer.stop();
    const outcome = this.#outcome(ending, timings);
    const told = this.#log.line(lastLine(ending));
    await this.#tellDecided(outcome, told);
    await this.#prepared?.discard(new JobStopped(ending));
    this.#over.abort('over');
    try {
      this.#release?.();
    } catch {}
    await this.#events.end({ type: 'finished', outcome, at: this.#settings.clock.now() });
    return outcome;
  }

  /** With the whole log before it: whoever is killed after this adds nothing to it. Who cannot remember it loses only that. */
  async #tellDecided(outcome: JobOutcome, told: void | Promise<void>): Promise<void> {
    const { onDecided } = this.#outside;
    if (onDecided === undefined) return;
    try {
      await told;
      await onDecided(outcome);
    } catch {}
  }

  #outcome(ending: JobEnding, timings: PhaseTimings): JobOutcome {
    const { status, failureReason, failureMessage } = outcomeOfEnding(ending);
    return {
      status,
      exitCode: this.#exit?.exitCode ?? null,
      failureReason,
      failureMessage: failureMessage === null ? null : this.#mask.text(failureMessage),
      timings,
      artifacts: this.#artifacts,
    };
  }
}
