import { orAborted } from '@xx-pipeline/common';
import type { AttemptPhase } from '../AttemptPhase.ts';

/** Waits for a slot: an attempt that waits for other jobs holds none. A slot that comes too late is given back at once. */
export const takeSlot: AttemptPhase = {
  name: 'slot',
  reportedAs: null,
  runs: 'until an ending',
  countsForTimeout: false,
  endsItself: true,
  applies: ({ outside }) => outside.acquireSlot !== undefined,
  // Somebody else's job may run for a month before this one's turn.
  limit: () => null,

  async run({ outside, state }, signal) {
    const granted = outside.acquireSlot?.();
    if (granted === undefined) return null;
    try {
      const release = await orAborted(granted, signal);
      state.cleanUps.push({ what: 'a slot', run: release });
    } catch (error) {
      granted.then(
        (release) => release(),
        () => {},
      );
      throw error;
    }
    return null;
  },
};
