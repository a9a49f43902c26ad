/**
 * Resolves when `signal` aborts. Rejects with the reason of `unless` if that aborts first; without `unless` it never
 * rejects, and its listener stays as long as the signal lives.
 */
export function aborted(signal: AbortSignal, unless?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return resolve();
    if (unless?.aborted) return reject(unless.reason);
    const onAbort = () => {
      unless?.removeEventListener('abort', onUnless);
      resolve();
    };
    const onUnless = () => {
      signal.removeEventListener('abort', onAbort);
      reject(unless?.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    unless?.addEventListener('abort', onUnless, { once: true });
  });
}

/**
 * The promise's result; rejects with the signal's reason if it aborts first. The work itself goes on: its own error is
 * handled then, so that it cannot end the process.
 */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => {});
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Acts once when the signal aborts; at once if it has. */
export function whenAborted(signal: AbortSignal, act: (reason: unknown) => void): void {
  const onAbort = () => act(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
}
