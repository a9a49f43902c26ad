import { join } from 'node:path';
import type { JobRequest } from '@xx-pipeline/common';
import type { AttemptFolder } from './AttemptFolder.ts';
import { AttemptJournal } from './AttemptJournal.ts';
import type { LogFile } from './LogFile.ts';

/** A job as it was accepted. */
export interface AcceptedJob {
  readonly request: JobRequest;
  readonly attempt: number;
  readonly acceptedAt: number;
}

/**
 * The files of one attempt, in a folder that only the worker's user can read (a request holds the values of secret
 * variables):
 *
 *   journal    the accepted job, written before the acceptance is acknowledged; then what has happened: see `AttemptJournal`
 *   log        output on its way to the backend, see `LogSpool`
 *   artifact   an archive on its way to the backend
 */
export class AttemptFiles {
  readonly job: AcceptedJob;
  readonly journal: AttemptJournal;
  readonly #folder: AttemptFolder;
  readonly #release: () => Promise<void>;

  /** `release` gives the folder back to the store; `journal` is the text that the folder's journal has already. */
  constructor(job: AcceptedJob, parts: { folder: AttemptFolder; journal: string; release: () => Promise<void> }) {
    const { folder, journal, release } = parts;
    this.job = job;
    this.#folder = folder;
    this.#release = release;
    this.journal = new AttemptJournal(folder.journal, journal);
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

  /** Closes the files and keeps them for the next process. */
  close(): void {
    this.journal.close();
    this.#folder.close();
  }

  /** Deletes the attempt's files; everything has been delivered, or is not to be. */
  async remove(): Promise<void> {
    this.journal.close();
    await this.#release();
  }
}
