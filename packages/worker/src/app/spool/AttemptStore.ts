import { mkdirSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { jobRequestSchema } from '@xx-pipeline/common/api';
import { type AcceptedJob, AttemptFiles } from './AttemptFiles.ts';
import { AttemptFolder } from './AttemptFolder.ts';

/** Folders kept for the next attempts. */
const mostFree = 64;
/** Bytes of log above which a folder is not reused: freeing many blocks holds everything up. */
const largestFreed = 1024 * 1024;

/**
 * All attempts on a worker's disk, each in a numbered folder. Folders of attempts that have ended are emptied and reused:
 * creating and deleting files costs more than all that is written to them. A folder belongs to an attempt as long as its
 * journal begins with an accepted job.
 */
export class AttemptStore {
  readonly #root: string;
  readonly #free: AttemptFolder[] = [];
  #last = 0;

  constructor(stateDirectory: string) {
    this.#root = join(stateDirectory, 'attempts');
  }

  /** Writes a job to the disk. Throws when the disk does not accept it: then the job must not be accepted. */
  create(job: AcceptedJob): AttemptFiles {
    const folder = this.#free.pop() ?? new AttemptFolder(this.#path(++this.#last));
    try {
      folder.beginJournal(JSON.stringify(job));
      return this.#filesOf(job, folder, '');
    } catch (error) {
      void folder.remove().catch(() => {});
      throw error;
    }
  }

  /** The attempts that earlier processes left, in the order of their acceptance. Removes what was never wholly accepted. */
  async openAll(): Promise<AttemptFiles[]> {
    mkdirSync(this.#root, { recursive: true, mode: 0o700 });
    const numbers = readdirSync(this.#root).map(Number).filter(Number.isSafeInteger);
    this.#last = Math.max(this.#last, ...numbers);
    const found: AttemptFiles[] = [];
    for (const number of numbers) {
      const folder = new AttemptFolder(this.#path(number));
      const journal = folder.readJournal();
      const job = readJob(journal);
      if (job === null) await this.#release(folder, false);
      else found.push(this.#filesOf(job, folder, journal));
    }
    return found.sort((a, b) => a.job.acceptedAt - b.job.acceptedAt);
  }

  /** Removes the folders that no attempt has. */
  async close(): Promise<void> {
    await Promise.all(this.#free.splice(0).map((folder) => folder.remove()));
  }

  #filesOf(job: AcceptedJob, folder: AttemptFolder, journal: string): AttemptFiles {
    const isPlain = job.request.artifacts === undefined;
    return new AttemptFiles(job, { folder, journal, release: () => this.#release(folder, isPlain) });
  }

  /** `isPlain`: the folder has only the files that every folder has. */
  async #release(folder: AttemptFolder, isPlain: boolean): Promise<void> {
    try {
      if (!isPlain || this.#free.length >= mostFree || folder.log.size > largestFreed) return await folder.remove();
      folder.empty();
      this.#free.push(folder);
    } catch {
      await rm(folder.path, { recursive: true, force: true });
    }
  }

  #path(number: number): string {
    return join(this.#root, String(number));
  }
}

/** The job of a journal's first line; null if that is not whole. */
function readJob(journal: string): AcceptedJob | null {
  try {
    const kept = JSON.parse(journal.split('\n', 2)[1] ?? '') as AcceptedJob;
    // Also what an earlier version wrote: the schema puts in what was optional then.
    const request = jobRequestSchema.safeParse(kept.request);
    return request.success ? { ...kept, request: { ...request.data, attempt: kept.attempt } } : null;
  } catch {
    return null;
  }
}
