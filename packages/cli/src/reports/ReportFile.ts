import type { Report } from '@xx-pipeline/common';
import { writeAtomically } from '../io/write-atomically.ts';

/** Writes come no closer together than this, and than twenty times what the last one took. */
const shortestPause = 250;

/**
 * The `report.json` of a run under way. Updates cost their caller nothing: the text is made and written later, at
 * most a few times per second, one write at a time, always from the newest state.
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

  /** Has the report written soon; `build` is called when its turn comes, so it may read records that change meanwhile. */
  update(build: () => Report): void {
    this.#newest = build;
    if (this.#timer !== null || this.#busy) return;
    this.#timer = setTimeout(() => this.#write(), Math.max(0, this.#earliest - performance.now()));
  }

  /** Writes the last report and waits until the disk has it. Rejects when it does not take it. */
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
