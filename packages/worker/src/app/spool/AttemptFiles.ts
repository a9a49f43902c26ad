import { join } from 'node:path';
import type { JobRequest } from '@xx-pipeline/common';
import { jobRequestSchema } from '@xx-pipeline/common/api';
import type { AttemptFolder } from './AttemptFolder.ts';
import { AttemptJournal } from './AttemptJournal.ts';
import type { AttemptStore } from './AttemptStore.ts';
import type { LogFile } from './LogFile.ts';

/** What was accepted. */
export interface AcceptedJob {
  readonly request: JobRequest;
  readonly attempt: number;
  readonly acceptedAt: number;
}

/**
 * All that a worker knows about one attempt, in a directory of its own that only the worker's user can read (a request
 * holds the values of secret variables):
 *
 *   journal    what was accepted, there before the acceptance is acknowledged; then what has happened: see `AttemptJournal`
 *   log        output on its way to the backend, see `LogSpool`
 *   artifact   an archive on its way there
 */
export class AttemptFiles {
  readonly job: AcceptedJob;
  readonly journal: AttemptJournal;
  readonly #folders: AttemptStore;
  readonly #folder: AttemptFolder;

  private constructor(folders: AttemptStore, folder: AttemptFolder, job: AcceptedJob, journal: string) {
    this.job = job;
    this.#folders = folders;
    this.#folder = folder;
    this.journal = new AttemptJournal(folder.journal, journal);
  }

  /** Keeps a job. Throws when the disk does not take it: then it must not be accepted. */
  static create(folders: AttemptStore, job: AcceptedJob): AttemptFiles {
    return new AttemptFiles(folders, folders.take(JSON.stringify(job)), job, '');
  }

  /** Everything kept; what was never wholly accepted is removed. */
  static async openAll(folders: AttemptStore): Promise<AttemptFiles[]> {
    const found: AttemptFiles[] = [];
    for (const folder of folders.open()) {
      const journal = folder.readJournal();
      const job = readJob(journal);
      if (job === null) await folders.release(folder, false);
      else found.push(new AttemptFiles(folders, folder, job, journal));
    }
    return found.sort((a, b) => a.job.acceptedAt - b.job.acceptedAt);
  }

  /** A name that no other attempt has. */
  get name(): string {
    // Ids are UUIDs, checked on their way in: safe as parts of a path.
    return `${this.job.request.jobId.toLowerCase()}.${this.job.attempt}`;
  }

  get logFile(): LogFile {
    return this.#folder.log;
  }

  get logPath(): string {
    return join(this.#folder.path, 'log');
  }

  get artifactPath(): string {
    return join(this.#folder.path, 'artifact');
  }

  /** Leaves it to the next process. */
  close(): void {
    this.journal.close();
    this.#folder.close();
  }

  /** Forgets it: nothing of it is to be told to anybody any more. */
  async remove(): Promise<void> {
    this.journal.close();
    await this.#folders.release(this.#folder, this.job.request.artifacts === undefined);
  }
}

/** The first line of a journal. */
function readJob(journal: string): AcceptedJob | null {
  try {
    const kept = JSON.parse(journal.split('\n', 2)[1] ?? '') as AcceptedJob;
    return jobRequestSchema.safeParse(kept.request).success ? kept : null;
  } catch {
    return null;
  }
}
