import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AttemptFolder } from './AttemptFolder.ts';

/** Folders kept for the next attempts. */
const mostFree = 64;
/** Bytes of log above which a folder is not used again: freeing many would hold everything up. */
const largestFreed = 1024 * 1024;

/**
 * The folders of a worker's attempts. Those of attempts that are over are emptied and used again, under another name:
 *
 *   free/N --(filled, renamed)--> attempts/NAME --(renamed, emptied)--> free/N
 *
 * so that a folder below `attempts` is always that of an attempt that was wholly accepted.
 */
export class AttemptFolders {
  readonly #attempts: string;
  readonly #free: string;
  readonly #folders: AttemptFolder[] = [];
  #made = 0;

  /** What an earlier process has left free goes. */
  constructor(root: string) {
    this.#attempts = join(root, 'attempts');
    this.#free = join(root, 'free');
    mkdirSync(this.#attempts, { recursive: true, mode: 0o700 });
    rmSync(this.#free, { recursive: true, force: true });
    mkdirSync(this.#free, { mode: 0o700 });
  }

  /** The folders of attempts, by name. */
  get names(): string[] {
    return readdirSync(this.#attempts);
  }

  /** The request in a folder; empty where there is none. */
  requestOf(name: string): string {
    try {
      return readFileSync(join(this.#attempts, name, 'request.json'), 'utf8');
    } catch {
      return '';
    }
  }

  open(name: string): AttemptFolder {
    return new AttemptFolder(join(this.#attempts, name));
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.#attempts, name), { recursive: true, force: true });
  }

  /** A folder with a request in it, there as a whole when this returns. Throws when the disk does not take it. */
  create(name: string, request: string): AttemptFolder {
    const folder = this.#folders.pop() ?? new AttemptFolder(join(this.#free, String(++this.#made)));
    try {
      folder.writeRequest(request);
      folder.moveTo(join(this.#attempts, name));
      return folder;
    } catch (error) {
      void folder.remove().catch(() => {});
      throw error;
    }
  }

  /** An attempt is to be forgotten. `isPlain`: there is nothing in its folder that does not belong into every one. */
  async release(folder: AttemptFolder, isPlain: boolean): Promise<void> {
    if (!isPlain || this.#folders.length >= mostFree || folder.log.size > largestFreed) return await folder.remove();
    try {
      folder.moveTo(join(this.#free, String(++this.#made)));
      folder.empty();
      this.#folders.push(folder);
    } catch {
      await folder.remove();
    }
  }

  /** Closes those kept. */
  async close(): Promise<void> {
    await Promise.all(this.#folders.splice(0).map((folder) => folder.remove()));
  }
}
