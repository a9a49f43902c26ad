/**
 * Calls `probe` every `pause` ms until it returns something other than null, undefined or false, and resolves with that.
 * Rejects with the description once `deadline` ms have passed.
 */
export async function until<T>(
  description: string,
  probe: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  deadline = 60_000,
  pause = 50,
): Promise<T> {
  for (const end = performance.now() + deadline; ; ) {
    const found = await probe();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`timed out after ${deadline / 1000} s waiting for ${description}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
