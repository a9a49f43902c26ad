import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Report } from '@xx-pipeline/common';
import { lifeOf, thisProcess } from '@xx-pipeline/worker/process';
import { StateUnwritable } from '../io/state-directory.ts';
import { writeAtomically } from '../io/write-atomically.ts';
import { shortHash, slug } from './file-names.ts';
import { type JobIdentity, LocalRun } from './LocalRun.ts';
import { toText } from './ReportFile.ts';
import { repairReport, type UnfinishedRun } from './repair-report.ts';

/** A run about to begin. */
export interface NewRun {
  readonly id: string;
  readonly pipeline: string;
  readonly repository: string;
  readonly createdAt: string;
  readonly jobs: readonly JobIdentity[];
}

/** A report on this disk. */
export interface StoredReport {
  readonly directory: string;
  readonly report: Report;
}

/** A run of a process this one cannot see (another container, another host) counts as dead after this long in silence. */
const silenceMs = 24 * 60 * 60 * 1000;

/**
 * Reports of local runs, one directory each:
 *
 *   <home>/reports/<pipeline>/pipeline.json     whose folder it is: pipeline name and repository
 *   <home>/reports/<pipeline>/<run>/            report.json, logs/, artifacts/
 *   <home>/running/<id>.json                    a run under way and the process that owns it
 *
 * Any number of `xx` may use one home at once: folders and run numbers are claimed by operations that only one can win.
 */
export class LocalReportStore {
  readonly #home: string;

  constructor(home: string) {
    this.#home = home;
  }

  /** Claims the next run number of the pipeline and makes its directory. Throws StateUnwritable. */
  async createRun(run: NewRun): Promise<LocalRun> {
    try {
      const folder = await this.#claimFolder(run.pipeline, run.repository);
      const number = await claimNumber(folder);
      const directory = join(folder, String(number));
      const marker = join(this.#home, 'running', `${slug(run.id)}.json`);
      const unfinished: UnfinishedRun = {
        owner: thisProcess(),
        directory,
        id: run.id,
        pipeline: run.pipeline,
        repository: run.repository,
        runNumber: number,
        createdAt: run.createdAt,
      };
      await mkdir(join(this.#home, 'running'), { recursive: true });
      await writeAtomically(marker, JSON.stringify(unfinished), { durable: false });
      const local = new LocalRun(directory, number, marker, run.jobs);
      await local.prepare();
      return local;
    } catch (error) {
      throw new StateUnwritable('write reports to', this.#home, error);
    }
  }

  /** Every report that can be read, newest first. */
  async *reports(): AsyncGenerator<StoredReport> {
    const runs: { directory: string; changed: number }[] = [];
    for (const folder of await list(join(this.#home, 'reports'))) {
      for (const number of await list(join(this.#home, 'reports', folder))) {
        if (!/^\d+$/.test(number)) continue;
        const directory = join(this.#home, 'reports', folder, number);
        const found = await stat(directory).catch(() => null);
        if (found !== null) runs.push({ directory, changed: found.birthtimeMs || found.ctimeMs });
      }
    }
    runs.sort((a, b) => b.changed - a.changed);
    for (const { directory } of runs) {
      const report = await readReport(directory);
      if (report !== null) yield { directory, report };
    }
  }

  /**
   * Ends the reports of runs whose process was killed and returns their directories. Errors are left to the next
   * command: a report that cannot be repaired now does not stop this one.
   */
  async repairAbandoned(clock: Clock): Promise<readonly string[]> {
    const repaired: string[] = [];
    for (const name of await list(join(this.#home, 'running'))) {
      const marker = join(this.#home, 'running', name);
      try {
        const run = JSON.parse(await readFile(marker, 'utf8')) as UnfinishedRun;
        if (!(await isAbandoned(run, marker, clock))) continue;
        const report = await readReport(run.directory);
        const ended = repairReport(run, report, await lastSign(run, marker));
        if (ended !== report) {
          await writeAtomically(join(run.directory, 'report.json'), toText(ended), { durable: true });
          repaired.push(run.directory);
        }
        await rm(marker, { force: true });
      } catch {
        // Half-written by a dying process, or not ours to change.
      }
    }
    return repaired;
  }

  async #claimFolder(pipeline: string, repository: string): Promise<string> {
    const owner = JSON.stringify({ pipeline, repository });
    const plain = slug(pipeline).toLowerCase();
    for (const name of [plain, `${plain}-${shortHash(owner)}`]) {
      const folder = join(this.#home, 'reports', name);
      if (await claim(folder, owner)) return folder;
    }
    throw new Error(`${plain}-${shortHash(owner)} belongs to another pipeline`);
  }
}

/** Makes the folder its owner's, or finds that it is already. A link appears at once with its content, and only once. */
async function claim(folder: string, owner: string): Promise<boolean> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, 'pipeline.json');
  const existing = await readFile(path, 'utf8').catch(() => null);
  if (existing !== null) return existing === owner;
  const temporary = `${path}.${randomUUID()}.tmp`;
  await writeFile(temporary, owner);
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return (await readFile(path, 'utf8')) === owner;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function claimNumber(folder: string): Promise<number> {
  const used = (await readdir(folder)).filter((name) => /^\d+$/.test(name)).map(Number);
  for (let number = Math.max(0, ...used) + 1; ; number++) {
    try {
      await mkdir(join(folder, String(number)));
      return number;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

async function isAbandoned(run: UnfinishedRun, marker: string, clock: Clock): Promise<boolean> {
  const life = lifeOf(run.owner);
  if (life !== 'unknown') return life === 'dead';
  return clock.now() - (await lastSign(run, marker)) > silenceMs;
}

/** When the run last wrote something, as far as its files tell. */
async function lastSign(run: UnfinishedRun, marker: string): Promise<number> {
  const paths = [marker, join(run.directory, 'report.json'), join(run.directory, 'logs')];
  const logs = await list(join(run.directory, 'logs'));
  const found = await Promise.all(
    [...paths, ...logs.map((name) => join(run.directory, 'logs', name))].map((path) => stat(path).catch(() => null)),
  );
  return Math.max(...found.map((entry) => entry?.mtimeMs ?? 0));
}

async function readReport(directory: string): Promise<Report | null> {
  const text = await readFile(join(directory, 'report.json'), 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    const report = JSON.parse(text) as Report;
    return report.schemaVersion === 1 && Array.isArray(report.stages) ? report : null;
  } catch {
    return null;
  }
}

/** Names in a directory; none when there is no such directory. Throws StateUnwritable when it may not be read. */
async function list(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw new StateUnwritable('read', directory, error);
  }
}
