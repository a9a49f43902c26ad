/**
 * Finds any of a set of byte sequences in a stream, in time linear in the stream (Aho-Corasick).
 * States are row offsets into one table; bytes that occur in no pattern share one column, which keeps it small.
 */
export class ByteMatcher {
  /** Column of each byte. */
  readonly columns = new Uint8Array(256);
  /** Not 0 for a byte that begins some pattern. */
  readonly begins = new Uint8Array(256);
  /** Next state, at `state + column`. State 0: nothing begun. */
  readonly next: Int32Array;
  /** At a state: the length of the longest pattern that ends here, 0 for none. */
  readonly matched: Int32Array;
  /** At a state: how many of the last bytes may still become part of a match. */
  readonly depth: Int32Array;

  constructor(patterns: readonly Uint8Array[]) {
    const used = [...new Set(patterns.flatMap((pattern) => [...pattern]))];
    for (const [index, byte] of used.entries()) this.columns[byte] = index + 1;
    // 256 columns would not fit a byte, but then there is no unused byte that needs column 0.
    if (used.length === 256) for (let byte = 0; byte < 256; byte++) this.columns[byte] = byte;
    const width = Math.min(used.length + 1, 256);
    const states = patterns.reduce((sum, pattern) => sum + pattern.length, 1);
    this.next = new Int32Array(states * width);
    this.matched = new Int32Array(states * width);
    this.depth = new Int32Array(states * width);
    this.#addPatterns(patterns, width);
    this.#linkFailures(width);
  }

  #addPatterns(patterns: readonly Uint8Array[], width: number): void {
    let free = width;
    for (const pattern of patterns) {
      let state = 0;
      this.begins[pattern[0] as number] = 1;
      for (const byte of pattern) {
        const slot = state + (this.columns[byte] as number);
        if (this.next[slot] === 0) {
          this.next[slot] = free;
          this.depth[free] = (this.depth[state] as number) + 1;
          free += width;
        }
        state = this.next[slot] as number;
      }
      this.matched[state] = pattern.length;
    }
  }

  /** Breadth first, so that the state to fall back to is always complete already. */
  #linkFailures(width: number): void {
    const queue: { state: number; fallback: number }[] = [];
    for (let column = 0; column < width; column++) {
      const state = this.next[column] as number;
      if (state !== 0) queue.push({ state, fallback: 0 });
    }
    for (const { state, fallback } of queue) {
      this.matched[state] = Math.max(this.matched[state] as number, this.matched[fallback] as number);
      for (let column = 0; column < width; column++) {
        const onFallback = this.next[fallback + column] as number;
        const child = this.next[state + column] as number;
        if (child === 0) this.next[state + column] = onFallback;
        else queue.push({ state: child, fallback: onFallback });
      }
    }
  }
}
