import { aborted, type Clock } from '@xx-pipeline/common';
import type { JobContainer, OutputSink, ScriptExit, ShellScript } from '../../JobExecutor.ts';

/** How the processes of a job are made to end. */
export interface StopRules {
  /** Asks them to end: TERM, the grace time, then KILL. */
  readonly stop: AbortSignal;
  /** Ends them at once: KILL. */
  readonly kill: AbortSignal;
  /** Milliseconds between TERM and KILL. */
  readonly graceMs: number;
  /** Milliseconds after KILL until the container is given up. */
  readonly killMs: number;
}

/** What became of a shell text: how it ended on its own, or that it was stopped. */
export type StoppableExit =
  | { readonly stopped: false; readonly exit: ScriptExit }
  /** `givenUp`: it did not end, or its container is gone, which is good for nothing but removal then. */
  | { readonly stopped: true; readonly givenUp: boolean };

/**
 *   running --stop--> TERM sent --grace--> KILL sent --killMs--> given up
 *      |  '---kill----------|--------------->' |
 *      '------------------- '------------------'---> ended
 *
 * Throws what `run` throws unless it was stopped: then its loss is part of the stopping.
 */
export async function runUntilStopped(
  container: JobContainer,
  script: ShellScript,
  output: OutputSink,
  rules: StopRules,
  clock: Clock,
): Promise<StoppableExit> {
  const ended = new AbortController();
  let stopped = false;
  const running = container.run(script, output).then(
    (exit): StoppableExit => (stopped ? { stopped, givenUp: false } : { stopped, exit }),
    (error): StoppableExit => {
      if (stopped) return { stopped, givenUp: true };
      throw error;
    },
  );
  const ladder = async (): Promise<StoppableExit> => {
    await aborted(AbortSignal.any([rules.stop, rules.kill]), ended.signal);
    stopped = true;
    if (!rules.kill.aborted) {
      container.interrupt(false).catch(() => {});
      await Promise.race([clock.sleep(rules.graceMs, ended.signal), aborted(rules.kill, ended.signal)]);
    }
    container.interrupt(true).catch(() => {});
    await clock.sleep(rules.killMs, ended.signal);
    return { stopped, givenUp: true };
  };
  try {
    return await Promise.race([running, ladder().catch(() => running)]);
  } finally {
    ended.abort('ended');
    running.catch(() => {});
  }
}
