/** What an error or an abort's reason says. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Acts once when the signal aborts, at once if it has. */
export function whenAborted(signal: AbortSignal, act: (reason: string) => void): void {
  const onAbort = () => act(messageOf(signal.reason));
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
}
