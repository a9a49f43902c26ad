import { copyFile, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobOutcome } from '@xx-pipeline/common';
import type { AttemptFiles } from './AttemptFiles.ts';
import { extractLog } from './extract-log.ts';

/** Older ones are removed. */
const most = 100;

/** The results of attempts that no backend accepted, for the person at the machine: plain files without secrets, the newest hundred. */
export class UndeliveredAttempts {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** Keeps the result, log and archive of an attempt, and deletes its files. Returns the path of the copy. */
  async keep(directory: AttemptFiles, outcome: JobOutcome | null): Promise<string> {
    const path = join(this.#root, directory.name);
    await rm(path, { recursive: true, force: true });
    await mkdir(path, { recursive: true, mode: 0o700 });
    const { jobId, jobName, stageName, image } = directory.job.request;
    const { attempt } = directory.job;
    await writeFile(
      join(path, 'job.json'),
      JSON.stringify({ jobId, jobName, stageName, attempt, image, ...outcome }, null, 2),
    );
    await extractLog(directory.logPath, join(path, 'log.txt'));
    if (directory.journal.state.artifact !== null) {
      await copyFile(directory.artifactPath, join(path, 'artifacts.tar.zst'));
    }
    await directory.remove();
    await this.#removeOldest();
    return path;
  }

  async #removeOldest(): Promise<void> {
    const names = await readdir(this.#root);
    if (names.length <= most) return;
    const aged = await Promise.all(
      names.map(async (name) => ({ name, at: (await stat(join(this.#root, name))).mtimeMs })),
    );
    aged.sort((a, b) => b.at - a.at);
    for (const { name } of aged.slice(most)) await rm(join(this.#root, name), { recursive: true, force: true });
  }
}
