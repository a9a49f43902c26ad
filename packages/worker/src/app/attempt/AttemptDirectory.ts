import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobRequest } from '@xx-pipeline/common';
import { jobRequestSchema } from '@xx-pipeline/common/api';
import { AttemptJournal } from './AttemptJournal.ts';

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
 *   request.json   what was accepted; there before the acceptance is acknowledged
 *   journal        what has happened, see `AttemptJournal`
 *   log            output on its way to the backend, see `LogSpool`
 *   artifact       an archive on its way there
 */
export class AttemptDirectory {
  readonly path: string;
  readonly job: AcceptedJob;
  readonly journal: AttemptJournal;

  private constructor(path: string, job: AcceptedJob) {
    this.path = path;
    this.job = job;
    this.journal = AttemptJournal.open(join(path, 'journal'));
  }

  /** Keeps a job. Throws when the disk does not take it: then it must not be accepted. */
  static create(root: string, job: AcceptedJob): AttemptDirectory {
    const path = join(root, directoryName(job.request.jobId, job.attempt));
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const temporary = join(path, 'request.tmp');
    writeFileSync(temporary, JSON.stringify(job), { mode: 0o600 });
    renameSync(temporary, join(path, 'request.json'));
    return new AttemptDirectory(path, job);
  }

  /** Everything kept below `root`; what was never wholly accepted is removed. */
  static async openAll(root: string): Promise<AttemptDirectory[]> {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    const found: AttemptDirectory[] = [];
    for (const name of readdirSync(root)) {
      const path = join(root, name);
      const job = readJob(path);
      if (job === null) await rm(path, { recursive: true, force: true });
      else found.push(new AttemptDirectory(path, job));
    }
    return found.sort((a, b) => a.job.acceptedAt - b.job.acceptedAt);
  }

  /** What no other directory is called. */
  get name(): string {
    return directoryName(this.job.request.jobId, this.job.attempt);
  }

  get logPath(): string {
    return join(this.path, 'log');
  }

  get artifactPath(): string {
    return join(this.path, 'artifact');
  }

  /** Forgets it: nothing of it is to be told to anybody any more. */
  async remove(): Promise<void> {
    this.journal.close();
    await rm(this.path, { recursive: true, force: true });
  }
}

/** Ids are UUIDs, checked on their way in: safe as parts of a path. */
const directoryName = (jobId: string, attempt: number): string => `${jobId.toLowerCase()}.${attempt}`;

function readJob(path: string): AcceptedJob | null {
  try {
    const kept = JSON.parse(readFileSync(join(path, 'request.json'), 'utf8')) as AcceptedJob;
    return jobRequestSchema.safeParse(kept.request).success ? kept : null;
  } catch {
    return null;
  }
}
