import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { type JobDependency, messageOf, orAborted, parentsOf, pathInside } from '@xx-pipeline/common';
import type { TarHeader } from '@xx-pipeline/common/tar';
import { ExecutionBroken, ImageUnavailable } from '../errors.ts';
import { formatBytes } from '../format.ts';
import type { JobContainer } from '../JobExecutor.ts';
import type { JobArtifacts } from '../ports.ts';
import type { ArtifactLimits } from './ArtifactCollector.ts';
import { filterTar } from './filter-tar.ts';

/** The store and the limits of artifacts that are restored. */
export interface RestoreArtifactsOptions {
  readonly artifacts: JobArtifacts;
  /** The job they are for. */
  readonly readerId: string;
  readonly limits: ArtifactLimits;
  readonly warn: (message: string) => void | Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Unpacks the artifacts of needed jobs over the workspace, in the order of the needs; later ones overwrite.
 * Entries that lead out of the workspace, or through a link, are left out with a warning.
 * Throws `ExecutionBroken` when an archive cannot be read or is larger than the limits.
 */
export async function restoreArtifacts(
  needs: readonly JobDependency[],
  container: JobContainer,
  options: RestoreArtifactsOptions,
): Promise<void> {
  const symlinks = new Set<string>();
  for (const need of needs) {
    if (!need.artifacts) continue;
    options.signal.throwIfAborted();
    try {
      const archive = await orAborted(options.artifacts.open(need.jobId, options.readerId), options.signal);
      if (archive === null) continue;
      const select = new EntryCheck(need.jobName, symlinks, options);
      const files = filterTar(only(decompress(archive)), (header) => select.check(header), options.signal);
      await putFiles(container, files, options.signal);
    } catch (error) {
      if (error instanceof ExecutionBroken || error instanceof ImageUnavailable || options.signal.aborted) throw error;
      const text = messageOf(error);
      throw new ExecutionBroken(`cannot unpack the artifacts of ${need.jobName}: ${text}`, { cause: error });
    }
  }
}

/** Throws the error of the archive, of which an engine sees only that its input broke off. */
async function putFiles(container: JobContainer, files: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  let broken: { readonly error: unknown } | null = null;
  const noting = async function* () {
    try {
      yield* files;
    } catch (error) {
      broken = { error };
      throw error;
    }
  };
  try {
    await orAborted(container.putFiles(noting()), signal);
  } catch (error) {
    throw (broken as { readonly error: unknown } | null)?.error ?? error;
  }
}

/** Selects the entries that may be unpacked. An archive comes from another job, perhaps from another machine: it is not trusted. */
class EntryCheck {
  readonly #jobName: string;
  readonly #options: RestoreArtifactsOptions;
  /** Links of this and earlier archives. */
  readonly #symlinks: Set<string>;
  readonly #files = new Set<string>();
  #bytes = 0;
  #entries = 0;

  constructor(jobName: string, symlinks: Set<string>, options: RestoreArtifactsOptions) {
    this.#jobName = jobName;
    this.#symlinks = symlinks;
    this.#options = options;
  }

  check(header: TarHeader): TarHeader | null {
    this.#count(header);
    const path = header.name.split('/').includes('..') ? null : pathInside(header.name);
    if (path === '') return null;
    if (path === null) return this.#refuse(header.name, 'its path leads out of the workspace');
    for (const parent of parentsOf(path)) {
      if (this.#symlinks.has(parent)) return this.#refuse(path, `it is behind the link ${parent}`);
    }
    this.#symlinks.delete(path);
    switch (header.type ?? 'file') {
      case 'directory':
        return { ...header, name: `${path}/` };
      case 'file':
        this.#files.add(path);
        return { ...header, name: path };
      case 'symlink':
        // Engines refuse a whole archive for one such link. Absolute targets are resolved inside the container.
        if (!header.linkname?.startsWith('/') && pathInside(`${posix.dirname(path)}/${header.linkname ?? ''}`) === null)
          return this.#refuse(path, `it links to ${JSON.stringify(header.linkname)}, outside the workspace`);
        this.#files.delete(path);
        this.#symlinks.add(path);
        return { ...header, name: path };
      case 'link': {
        const target = pathInside(header.linkname ?? '');
        if (target === null || !this.#files.has(target))
          return this.#refuse(path, 'it links to a file outside the archive');
        return { ...header, name: path, linkname: target };
      }
      default:
        return this.#refuse(path, `it is a ${header.type}`);
    }
  }

  #count(header: TarHeader): void {
    const { bytes, files } = this.#options.limits;
    this.#bytes += header.size;
    this.#entries++;
    const name = this.#jobName;
    if (this.#bytes > bytes) throw new ExecutionBroken(`artifacts of ${name} are larger than ${formatBytes(bytes)}`);
    if (this.#entries > files) throw new ExecutionBroken(`artifacts of ${name} have more than ${files} files`);
  }

  #refuse(path: string, why: string): null {
    void this.#options.warn(`artifacts of ${this.#jobName}: leaving out ${JSON.stringify(path)}: ${why}`);
    return null;
  }
}

async function* only<T>(item: T): AsyncGenerator<T> {
  yield item;
}

async function* decompress(archive: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = Readable.from(archive, { objectMode: false });
  const zstd = createZstdDecompress();
  source.on('error', (error) => zstd.destroy(error));
  try {
    yield* source.pipe(zstd);
  } finally {
    source.destroy();
    zstd.destroy();
  }
}
