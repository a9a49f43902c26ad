import type { Clock } from '@xx-pipeline/common';

const patienceMs = 2_000;

/** Asks everything that is needed to serve; each is `ok`, or what is wrong with it. */
export async function checkReadiness(
  checks: Readonly<Record<string, () => Promise<void>>>,
  clock: Clock,
): Promise<Readonly<Record<string, string>>> {
  const states = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await stateOf(check, clock)] as const),
  );
  return Object.fromEntries(states);
}

async function stateOf(check: () => Promise<void>, clock: Clock): Promise<string> {
  const waiting = new AbortController();
  const tooLate = clock.sleep(patienceMs, waiting.signal).then(
    () => 'does not answer',
    () => 'ok',
  );
  const answer = check().then(
    () => 'ok',
    (error: Error) => error.message,
  );
  const state = await Promise.race([answer, tooLate]);
  waiting.abort();
  return state;
}
