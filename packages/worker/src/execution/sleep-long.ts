import type { Clock } from '@xx-pipeline/common';

/** A timer of the platform holds about 24 days; a job may be given a month. */
const longestSleep = 2 ** 30;

/** Sleeps also beyond what one timer can hold. */
export async function sleepLong(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  for (let left = ms; left > 0; left -= longestSleep) await clock.sleep(Math.min(left, longestSleep), signal);
}
