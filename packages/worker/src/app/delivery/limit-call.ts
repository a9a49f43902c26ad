/**
 * A call that is given up when the signal aborts or no answer has come for so long, so that the next one may find a way.
 * Signals that are made of others stay with them until they are collected: too dear for every call.
 */
export async function limitCall<T>(
  outer: AbortSignal,
  milliseconds: number,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer.throwIfAborted();
  const inner = new AbortController();
  const stop = () => inner.abort(outer.reason);
  outer.addEventListener('abort', stop);
  const timer = setTimeout(() => inner.abort(new Error(`no answer within ${milliseconds / 1000} s`)), milliseconds);
  try {
    return await call(inner.signal);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', stop);
  }
}
