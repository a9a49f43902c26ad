import type { AttemptPhase } from '../AttemptPhase.ts';
import { failed } from '../JobEnding.ts';
import { shellText } from './run-commands.ts';

/** Finds what no shell can hold before anything is made for the job, and logs its warnings. */
export const checkScripts: AttemptPhase = {
  name: 'script check',
  reportedAs: null,
  runs: 'until an ending',
  countsForTimeout: false,
  applies: () => true,
  limit: () => null,

  async run(attempt) {
    const { script, afterScript } = attempt.request;
    const text = shellText(attempt, script, 'running');
    if (!text.ok) return failed('config_error', text.error);
    const afterText = afterScript === undefined ? null : shellText(attempt, afterScript, 'success');
    if (afterText?.ok === false) return failed('config_error', afterText.error);
    for (const warning of [...attempt.log.mask.warnings, ...text.value.warnings]) await attempt.log.warn(warning);
    return null;
  },
};
