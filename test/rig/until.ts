/** Resolves with what `look` gives once that is neither null nor false; rejects after a deadline with what it waited for. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | false> | T | null | false,
  deadline = 60_000,
  pause = 50,
): Promise<T> {
  for (const end = performance.now() + deadline; ; ) {
    const found = await look();
    if (found !== null && found !== false) return found;
    if (performance.now() > end) throw new Error(`waited ${deadline / 1000} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
