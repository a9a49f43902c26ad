import { ApiUnreachable } from '@xx-pipeline/common/api';

/**
 * Calls with a signal that aborts with `outer`, or with `ApiUnreachable` when the call has not ended in time, so that a
 * retry may find a way that works. `AbortSignal.any` is not used: it keeps a reference to each source until garbage is
 * collected, which is too expensive for every call.
 */
export async function callWithin<T>(
  milliseconds: number,
  outer: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer.throwIfAborted();
  const inner = new AbortController();
  const stop = () => inner.abort(outer.reason);
  outer.addEventListener('abort', stop);
  const late = () => inner.abort(new ApiUnreachable(`no answer within ${milliseconds / 1000} s`));
  const timer = setTimeout(late, milliseconds);
  try {
    return await call(inner.signal);
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', stop);
  }
}
