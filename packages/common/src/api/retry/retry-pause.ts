/** The pauses between retries, in milliseconds. */
export interface RetryPauses {
  readonly firstMs: number;
  readonly longestMs: number;
}

/**
 * The pause before the retry that follows `failures` failures in a row (1 or more): doubled each time up to the longest,
 * of which a random part between the half and the whole, so that many clients of a restarted server do not come back in
 * the same moment. `random` returns 0 to 1.
 */
export function retryPause(failures: number, { firstMs, longestMs }: RetryPauses, random = Math.random): number {
  const pause = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return pause * (0.5 + random() / 2);
}
