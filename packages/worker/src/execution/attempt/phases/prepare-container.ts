import type { AttemptPhase } from '../AttemptPhase.ts';
import { PrepareReporter } from './PrepareReporter.ts';

/** Makes the job's container, or takes the one that was made ahead of its turn. */
export const prepareContainer: AttemptPhase = {
  name: 'prepare',
  reportedAs: 'prepare',
  runs: 'until an ending',
  countsForTimeout: true,
  applies: () => true,
  limit: ({ settings }) => ({ ms: settings.times.prepareMs, late: 'container not ready' }),

  async run(attempt) {
    const { state } = attempt;
    state.prepared ??= attempt.prepare();
    state.container = await state.prepared.take(new PrepareReporter(attempt));
    return null;
  },
};
