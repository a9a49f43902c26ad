import type { AttemptPhase } from '../AttemptPhase.ts';
import { endingOfError, scriptFailure } from '../JobEnding.ts';
import { runCommands } from './run-commands.ts';

/** Runs the job's script. */
export const runScript: AttemptPhase = {
  name: 'script',
  reportedAs: 'script',
  runs: 'until an ending',
  countsForTimeout: true,
  endsItself: true,
  applies: () => true,
  limit: () => null,

  async run(attempt, signal) {
    const { request, state } = attempt;
    let running = -1;
    const end = await runCommands(attempt, request.script, {
      status: 'running',
      stop: signal,
      announce: (index, text) => {
        running = index;
        return { kind: 'command', index, text };
      },
    });
    state.script = end.stopped && end.givenUp ? 'given up' : 'ended';
    if (end.stopped) return endingOfError(signal.reason);
    state.exit = end.exit;
    return end.exit.exitCode === 0 ? { kind: 'success' } : scriptFailure(end.exit, request.script, running);
  },
};
