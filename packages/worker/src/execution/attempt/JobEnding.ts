import { type FailureReason, type JobOutcome, messageOf, type RunnerLine } from '@xx-pipeline/common';
import { ExecutionBroken, ImageUnavailable } from '../errors.ts';
import { firstLine, formatBytes } from '../format.ts';
import type { ScriptExit } from '../JobExecutor.ts';

/** How an attempt ended. */
export type JobEnding =
  | { readonly kind: 'success' }
  | { readonly kind: 'canceled' }
  | { readonly kind: 'failed'; readonly reason: FailureReason; readonly message: string };

/** Why an attempt is being stopped from outside. Travels as the reason of an AbortSignal. */
export class JobStopped extends Error {
  override readonly name = 'JobStopped';
  readonly ending: JobEnding;

  constructor(ending: JobEnding) {
    super(ending.kind === 'failed' ? ending.message : ending.kind);
    this.ending = ending;
  }
}

/** A failed ending. */
export const failed = (reason: FailureReason, message: string): JobEnding => ({ kind: 'failed', reason, message });

/** The one place where anything thrown becomes an ending. */
export function endingOfError(error: unknown): JobEnding {
  if (error instanceof JobStopped) return error.ending;
  if (error instanceof ImageUnavailable) return failed('image_pull_failure', withHelp(error));
  if (error instanceof ExecutionBroken) return failed('system_failure', withHelp(error));
  if (isDiskFull(error)) return failed('system_failure', `the disk is full: ${error.message}`);
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return failed('system_failure', `unexpected error while running the job: ${text}`);
}

/** The status and reason of an outcome. */
export function outcomeOfEnding(ending: JobEnding): Pick<JobOutcome, 'status' | 'failureReason' | 'failureMessage'> {
  switch (ending.kind) {
    case 'success':
      return { status: 'SUCCESS', failureReason: null, failureMessage: null };
    case 'canceled':
      return { status: 'CANCELED', failureReason: 'canceled', failureMessage: null };
    case 'failed':
      return { status: 'FAILED', failureReason: ending.reason, failureMessage: ending.message };
  }
}

/** The failure of a script, with the command (if any) that was running then. */
export function scriptFailure(exit: ScriptExit, commands: readonly string[], running: number): JobEnding {
  const command = commands[running];
  const place =
    command === undefined ? '' : `, in command ${running + 1} of ${commands.length} (${firstLine(command)})`;
  return failed('script_failure', `exit code ${exit.exitCode}${exit.outOfMemory ? memoryFailure(exit) : ''}${place}`);
}

/** GitLab says nothing of it; the exit code alone would send people looking for who sent the signal. */
function memoryFailure({ memoryLimit }: ScriptExit): string {
  const limit = memoryLimit === undefined ? '' : ` (limit ${formatBytes(memoryLimit)})`;
  return `: the container ran out of memory${limit}, a process was killed`;
}

/** The last line of a job's log. */
export function lastLine(ending: JobEnding): RunnerLine {
  switch (ending.kind) {
    case 'success':
      return { kind: 'succeeded' };
    case 'canceled':
      return { kind: 'canceled' };
    case 'failed':
      return { kind: 'failed', message: ending.message };
  }
}

const isDiskFull = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');

function withHelp(error: ExecutionBroken | ImageUnavailable): string {
  return error.help === null ? error.message : `${error.message} (${error.help})`;
}

/** Whether artifacts with this `when` are kept after such an ending. An attempt that never got to its script has none. */
export function isKept(when: 'on_success' | 'on_failure' | 'always', ending: JobEnding): boolean {
  switch (ending.kind) {
    case 'success':
      return when !== 'on_failure';
    case 'failed':
      return when !== 'on_success';
    case 'canceled':
      return when === 'always';
  }
}

/** The ending of an attempt whose events could not be recorded. */
export function eventsNotRecorded(error: unknown): JobEnding {
  return failed('system_failure', `the job's events could not be recorded: ${messageOf(error)}`);
}
