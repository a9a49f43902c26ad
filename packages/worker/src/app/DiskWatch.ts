import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@xx-pipeline/common';
import type { ServiceLog } from '@xx-pipeline/service';

const probeBytes = 64 * 1024;

/** Whether the disk with the state directory accepts writes; while it does not, the worker accepts no jobs. */
export class DiskWatch {
  readonly #path: string;
  readonly #log: ServiceLog;
  readonly #changed: () => void;
  #isFull = false;

  /** `changed` is called when the answer is another one than before. */
  constructor(parts: { readonly stateDirectory: string; readonly log: ServiceLog; readonly changed: () => void }) {
    this.#path = join(parts.stateDirectory, 'probe');
    this.#log = parts.log;
    this.#changed = parts.changed;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** Writes a little and deletes it again: how a full disk is found to have space again. */
  async probe(): Promise<void> {
    try {
      await writeFile(this.#path, Buffer.alloc(probeBytes));
      this.report(null);
    } catch (error) {
      this.report(error);
    }
    await rm(this.#path, { force: true });
  }

  /** A write has failed with this error; null: one has succeeded. */
  report(error: unknown): void {
    const isFull = error !== null;
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    if (isFull) this.#log.error('state directory is not writable: not accepting jobs', { why: messageOf(error) });
    else this.#log.info('state directory is writable again');
    this.#changed();
  }
}
