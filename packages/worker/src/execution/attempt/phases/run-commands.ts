import type { Result, RunnerLine } from '@xx-pipeline/common';
import type { OutputSink } from '../../JobExecutor.ts';
import { type ScriptText, scriptText } from '../../shell/script-text.ts';
import { type Attempt, containerOf } from '../AttemptPhase.ts';
import type { JobEnding } from '../JobEnding.ts';
import { runUntilStopped, type StoppableExit } from './run-until-stopped.ts';

/** The value of `CI_JOB_STATUS`. */
type ScriptStatus = 'running' | JobEnding['kind'];

interface CommandsOptions {
  readonly status: ScriptStatus;
  /** Asks the commands to end; a kill of the attempt ends them at once. */
  readonly stop: AbortSignal;
  /** The line of the log that announces a command. */
  readonly announce: (index: number, command: string) => RunnerLine;
}

/** Runs commands in the attempt's container, each announced before it, with their output in the log. */
export async function runCommands(
  attempt: Attempt,
  commands: readonly string[],
  { status, stop, announce }: CommandsOptions,
): Promise<StoppableExit> {
  const { settings, log, stops, state } = attempt;
  const text = shellText(attempt, commands, status);
  if (!text.ok) throw new Error(text.error);
  const output: OutputSink = {
    write: (stream, bytes, at) => log.write(stream, bytes, at),
    lost: (stream, why) => log.lost(stream, why),
    mark: (index) => {
      const command = commands[index];
      if (command !== undefined) void log.line(announce(index, command));
    },
  };
  const { graceMs, killMs } = settings.times;
  const rules = { stop, kill: stops.kill, graceMs, killMs };
  const shell = { text: text.value.text, mark: state.mark };
  try {
    return await runUntilStopped(containerOf(attempt), shell, output, rules, settings.clock);
  } finally {
    await log.flush();
  }
}

/** The text that the shell is given, or why there is none. */
export function shellText(
  { request, state }: Attempt,
  commands: readonly string[],
  status: ScriptStatus,
): Result<ScriptText, string> {
  return scriptText(commands, [...(request.variables ?? []), { name: 'CI_JOB_STATUS', value: status }], state.mark);
}
