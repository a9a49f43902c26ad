import type { Report } from '@xx-pipeline/common';
import { writeAtomically } from '../io/write-atomically.ts';

/** The shortest time between two writes in milliseconds; it is longer after a write that took long. */
const shortestPause = 250;

/**
 * The `report.json` of a run in progress. An update returns at once: the text is made and written later, at most a few
 * times per second, one write at a time, always from the newest state.
 */
export class ReportFile {
  readonly #path: string;
  readonly #onFailure: (error: unknown) => void;
  #newest: (() => Report) | null = null;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  #busy = false;
  #earliest = 0;

  constructor(path: string, onFailure: (error: unknown) => void) {
    this.#path = path;
    this.#onFailure = onFailure;
  }

  /** Schedules a write of the report. `build` is called at the time of the write, so it reads the newest records. */
  update(build: () => Report): void {
    this.#newest = build;
    if (this.#timer !== null || this.#busy) return;
    this.#timer = setTimeout(() => this.#write(), Math.max(0, this.#earliest - performance.now()));
  }

  /** Writes the last report and waits until it is on the disk. Rejects if it cannot be written. */
  async finish(report: Report): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#newest = null;
    await this.#writing;
    await writeAtomically(this.#path, toText(report), { durable: true });
  }

  #write(): void {
    this.#timer = null;
    const build = this.#newest;
    if (build === null) return;
    this.#newest = null;
    this.#busy = true;
    const begun = performance.now();
    this.#writing = writeAtomically(this.#path, toText(build()), { durable: false })
      .catch(this.#onFailure)
      .then(() => {
        const now = performance.now();
        this.#earliest = now + Math.max(shortestPause, 20 * (now - begun));
        this.#busy = false;
        if (this.#newest !== null) this.update(this.#newest);
      });
  }
}

/** The stored form of a report. */
export function toText(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
