import { shellQuote } from '../render/shell-quote.ts';

/** What to do after the demonstration. */
export function nextSteps(folder: string): string {
  return [
    '',
    'Next:',
    '  1. Read what ran, change it, run it again:',
    `       cd ${shellQuote(folder)} && xx run --local`,
    '  2. See why a job is not in, and the order of those that are:',
    '       xx explain publish',
    '       xx dry-run',
    '  3. Go to a repository of yours: check its pipeline, then run it:',
    '       xx check && xx run --local',
    '',
  ].join('\n');
}
