import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactRef } from '@xx-pipeline/common';
import type { JobArtifacts } from '@xx-pipeline/worker/execution';
import { slug } from './file-names.ts';

/** Artifact archives as files of the run's directory. */
export class LocalArtifacts implements JobArtifacts {
  readonly #directory: string;
  readonly #fileNames: ReadonlyMap<string, string>;
  readonly #last = new Map<string, ArtifactRef>();

  /** `fileNames`: a unique file name for every job id. */
  constructor(directory: string, fileNames: ReadonlyMap<string, string>) {
    this.#directory = directory;
    this.#fileNames = fileNames;
  }

  async save(
    owner: { jobId: string; attempt: number; name: string },
    archive: AsyncIterable<Uint8Array>,
  ): Promise<ArtifactRef> {
    const job = this.#fileNames.get(owner.jobId);
    if (job === undefined) throw new Error(`no job of this run has the id ${owner.jobId}`);
    const path = `artifacts/${job}.${owner.attempt}.${slug(owner.name)}.tar.zst`;
    const target = join(this.#directory, path);
    const temporary = `${target}.tmp`;
    await mkdir(join(this.#directory, 'artifacts'), { recursive: true });
    const digest = createHash('sha256');
    let size = 0;
    const file = await open(temporary, 'w');
    try {
      for await (const bytes of archive) {
        digest.update(bytes);
        size += bytes.length;
        // `writeFile` on an open file continues where the last call ended, and writes all bytes.
        await file.writeFile(bytes);
      }
      await file.close();
      await rename(temporary, target);
    } catch (error) {
      await file.close().catch(() => undefined);
      await rm(temporary, { force: true });
      throw error;
    }
    const ref: ArtifactRef = { name: owner.name, path, size, sha256: digest.digest('hex') };
    this.#last.set(owner.jobId, ref);
    return ref;
  }

  async open(jobId: string): Promise<AsyncIterable<Uint8Array> | null> {
    const ref = this.#last.get(jobId);
    return ref === undefined ? null : createReadStream(join(this.#directory, ref.path));
  }
}
