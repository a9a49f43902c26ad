import { mkdirSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AttemptFolder } from './AttemptFolder.ts';

/** Folders kept for the next attempts. */
const mostFree = 64;
/** Bytes of log above which a folder is not used again: freeing many would hold everything up. */
const largestFreed = 1024 * 1024;

/**
 * The numbered folders of a worker's attempts. Those of attempts that are over are emptied and used again: making and
 * removing files costs more than all that is written to them. A folder is an attempt's as long as its journal begins
 * with what was accepted.
 */
export class AttemptStore {
  readonly #root: string;
  readonly #free: AttemptFolder[] = [];
  #last = 0;

  constructor(stateDirectory: string) {
    this.#root = join(stateDirectory, 'attempts');
  }

  /** All that an earlier process has left. */
  open(): AttemptFolder[] {
    mkdirSync(this.#root, { recursive: true, mode: 0o700 });
    const numbers = readdirSync(this.#root).map(Number).filter(Number.isSafeInteger);
    this.#last = Math.max(this.#last, ...numbers);
    return numbers.map((number) => new AttemptFolder(this.#path(number)));
  }

  /** A folder for an attempt. When this returns, its first line is kept; throws when the disk does not take it. */
  take(firstLine: string): AttemptFolder {
    const folder = this.#free.pop() ?? new AttemptFolder(this.#path(++this.#last));
    try {
      folder.beginJournal(firstLine);
      return folder;
    } catch (error) {
      void folder.remove().catch(() => {});
      throw error;
    }
  }

  /** An attempt is to be forgotten. `isPlain`: there is nothing in its folder that does not belong into every one. */
  async release(folder: AttemptFolder, isPlain: boolean): Promise<void> {
    try {
      if (!isPlain || this.#free.length >= mostFree || folder.log.size > largestFreed) return await folder.remove();
      folder.empty();
      this.#free.push(folder);
    } catch {
      await rm(folder.path, { recursive: true, force: true });
    }
  }

  /** Removes those that are nobody's. */
  async close(): Promise<void> {
    await Promise.all(this.#free.splice(0).map((folder) => folder.remove()));
  }

  #path(number: number): string {
    return join(this.#root, String(number));
  }
}
