import { formatDuration } from '../../format.ts';
import type { AttemptPhase } from '../AttemptPhase.ts';
import { runCommands } from './run-commands.ts';

/** Runs `after_script`, whose own failure only warns. */
export const runAfterScript: AttemptPhase = {
  name: 'after_script',
  reportedAs: 'after_script',
  runs: 'after the script',
  countsForTimeout: false,
  survivesCancel: true,
  endsItself: true,

  applies({ request, state: { ending } }) {
    if ((request.afterScript ?? []).length === 0) return false;
    return ending?.kind === 'failed' && ending.reason !== 'script_failure'
      ? { kind: 'after-script-skipped', why: ending.message }
      : true;
  },

  limit: ({ settings }) => ({ ms: settings.times.afterScriptMs, late: 'after_script has not ended' }),

  async run(attempt, signal) {
    const { request, settings, state, stops, log } = attempt;
    const status = state.ending?.kind ?? 'success';
    const end = await runCommands(attempt, request.afterScript ?? [], {
      status,
      stop: signal,
      announce: (_, text) => ({ kind: 'after-command', text }),
    });
    if (end.stopped && end.givenUp) state.script = 'given up';
    if (stops.kill.aborted) return null;
    if (end.stopped) {
      await log.warn(`after_script stopped: it took longer than ${formatDuration(settings.times.afterScriptMs)}`);
    } else if (end.exit.exitCode !== 0) {
      await log.warn(`after_script failed with exit code ${end.exit.exitCode}; the job's result stays as it is`);
    }
    return null;
  },
};
