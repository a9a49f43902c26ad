import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttemptDirectory } from './AttemptDirectory.ts';

/** How many are kept. */
const most = 100;

/** Attempts that could not be told to any backend, the newest hundred: for the person at the machine. */
export class KeptAttempts {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Moves an attempt's directory here; resolves with its new place. */
  async keep(directory: AttemptDirectory): Promise<string> {
    const path = await directory.moveTo(this.#root);
    const names = await readdir(this.#root);
    if (names.length > most) {
      const aged = await Promise.all(
        names.map(async (name) => ({ name, at: (await stat(join(this.#root, name))).mtimeMs })),
      );
      aged.sort((a, b) => b.at - a.at);
      for (const { name } of aged.slice(most)) await rm(join(this.#root, name), { recursive: true, force: true });
    }
    return path;
  }
}
