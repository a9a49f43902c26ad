import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Report } from '@xx-pipeline/common';
import { StateUnwritable } from '../io/state-directory.ts';
import { jobFileNames } from './file-names.ts';
import { JobLogFile } from './JobLogFile.ts';
import { LocalArtifacts } from './LocalArtifacts.ts';
import { ReportFile } from './ReportFile.ts';

/** The part of a job that the names of its files depend on. */
export interface JobIdentity {
  readonly id: string;
  readonly name: string;
}

/** Two files each; systems allow a process as few as 1024. */
const manyLogs = 200;

/** The directory of a run in progress: its report, logs and artifacts. */
export class LocalRun {
  readonly directory: string;
  readonly runNumber: number;
  readonly artifacts: LocalArtifacts;
  readonly #fileNames: ReadonlyMap<string, string>;
  readonly #report: ReportFile;
  readonly #marker: string;
  readonly #openLogs = new Set<JobLogFile>();
  readonly #broken = new AbortController();

  constructor(directory: string, runNumber: number, marker: string, jobs: readonly JobIdentity[]) {
    this.directory = directory;
    this.runNumber = runNumber;
    this.#marker = marker;
    const byName = jobFileNames(jobs.map(({ name }) => name));
    this.#fileNames = new Map(jobs.map(({ id, name }) => [id, byName.get(name) ?? id]));
    this.#report = new ReportFile(join(directory, 'report.json'), (error) => this.#break('write the report in', error));
    this.artifacts = new LocalArtifacts(directory, this.#fileNames);
  }

  /** Aborts, with a StateUnwritable as its reason, when a log or the report cannot be written. */
  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  /** Path of an attempt's log, relative to the report. */
  logPath(jobId: string, attempt: number): string {
    return `logs/${this.#fileNames.get(jobId)}.${attempt}.log`;
  }

  /** Begins the log of an attempt. */
  openLog(jobId: string, attempt: number): JobLogFile {
    const log = new JobLogFile(join(this.directory, this.logPath(jobId, attempt)), (error) =>
      this.#break('write a log in', error),
    );
    this.#openLogs.add(log);
    return log;
  }

  /** Ends a log begun with `openLog`. */
  async closeLog(log: JobLogFile): Promise<void> {
    await log.close();
    this.#openLogs.delete(log);
  }

  /** Many logs are open: after ending one, wait until it is closed. */
  get hasManyOpenLogs(): boolean {
    return this.#openLogs.size > manyLogs;
  }

  /** Has the report written soon. */
  update(build: () => Report): void {
    this.#report.update(build);
  }

  /** Writes the final report. The run counts as ended from here on. */
  async finish(report: Report): Promise<void> {
    await Promise.all([...this.#openLogs].map((log) => this.closeLog(log)));
    try {
      await this.#report.finish(report);
      await rm(this.#marker, { force: true });
    } catch (error) {
      this.#break('write the report in', error);
    }
  }

  #break(what: string, error: unknown): void {
    this.#broken.abort(new StateUnwritable(what, this.directory, error));
  }

  /** Makes the directory of the logs. */
  async prepare(): Promise<void> {
    await mkdir(join(this.directory, 'logs'), { recursive: true });
  }
}
