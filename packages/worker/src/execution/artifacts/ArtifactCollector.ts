import { Readable } from 'node:stream';
import { createZstdCompress } from 'node:zlib';
import {
  type ArtifactRef,
  type ArtifactRequest,
  messageOf,
  orAborted,
  parentsOf,
  pathInside,
} from '@xx-pipeline/common';
import type { TarHeader } from '@xx-pipeline/common/tar';
import { ExecutionBroken } from '../errors.ts';
import { formatBytes } from '../format.ts';
import type { JobContainer } from '../JobExecutor.ts';
import { workspacePath } from '../JobExecutor.ts';
import type { JobArtifacts } from '../ports.ts';
import { type ArtifactPattern, covers, type RejectedPattern, readPattern } from './artifact-patterns.ts';
import { filterTar } from './filter-tar.ts';

/** Limits of the artifacts that one job may keep, or be given by another. */
export interface ArtifactLimits {
  /** Bytes of the files, before compression. */
  readonly bytes: number;
  readonly files: number;
}

/** Fewer files than this are fetched one by one; more with the directory that holds them all. */
const fewFiles = 16;

/** The store and the limits of artifacts that are kept. */
export interface KeepArtifactsOptions {
  readonly owner: { readonly jobId: string; readonly attempt: number; readonly name: string };
  readonly artifacts: JobArtifacts;
  readonly limits: ArtifactLimits;
  readonly warn: (message: string) => void | Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Stores the files a job keeps, in one archive; none, with a warning, when nothing matches.
 * Throws `ExecutionBroken` when they cannot be stored.
 */
export async function keepArtifacts(
  request: ArtifactRequest,
  container: JobContainer,
  options: KeepArtifactsOptions,
): Promise<readonly ArtifactRef[]> {
  const collector = new ArtifactCollector(request, container, options);
  const archive = collector.archive();
  const first = await orAborted(archive.next(), options.signal);
  if (first.done) {
    await collector.warnAboutUnmatched();
    await options.warn('artifacts: no files to upload');
    return [];
  }
  try {
    const saving = options.artifacts.save(options.owner, compress(prepend(first.value, archive), options.signal));
    const saved = await orAborted(saving, options.signal);
    await collector.warnAboutUnmatched();
    return [saved];
  } catch (error) {
    if (error instanceof ExecutionBroken || options.signal.aborted) throw error;
    throw new ExecutionBroken(`cannot store artifacts: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Chooses files of a workspace by patterns and reads them as one tar stream. */
class ArtifactCollector {
  readonly #container: JobContainer;
  readonly #options: KeepArtifactsOptions;
  readonly #paths: readonly ArtifactPattern[];
  readonly #excluded: readonly ArtifactPattern[];
  readonly #rejected: readonly RejectedPattern[];
  readonly #matched = new Set<ArtifactPattern>();
  readonly #kept = new Set<string>();
  /** Files that came as hard links to files that are not kept; fetched again on their own. */
  readonly #links = new Set<string>();
  #bytes = 0;
  #skippedBytes = 0;

  constructor(request: ArtifactRequest, container: JobContainer, options: KeepArtifactsOptions) {
    this.#container = container;
    this.#options = options;
    const read = (texts: readonly string[]) => texts.map((text) => readPattern(text, workspacePath));
    const paths = read(request.paths);
    const excluded = read(request.exclude);
    this.#paths = paths.filter(isUsable);
    this.#excluded = excluded.filter(isUsable);
    this.#rejected = [...paths, ...excluded].filter((pattern) => !isUsable(pattern)) as RejectedPattern[];
  }

  /** The chosen files; nothing at all, not even an empty archive, when there are none. */
  async *archive(): AsyncGenerator<Uint8Array> {
    for (const { text, why } of this.#rejected)
      await this.#options.warn(`artifacts: ignoring ${JSON.stringify(text)}: ${why}`);
    const chosen = filterTar(this.#sources(), (header) => this.#select(header), this.#options.signal);
    for await (const bytes of chosen) {
      // Without any chosen entry the archive consists of its end mark.
      if (this.#kept.size > 0) yield bytes;
    }
  }

  /** Warns about patterns that match nothing. Only after everything has been read. */
  async warnAboutUnmatched(): Promise<void> {
    for (const pattern of this.#paths) {
      if (!this.#matched.has(pattern))
        await this.#options.warn(`artifacts: no files match ${JSON.stringify(pattern.text)}`);
    }
  }

  async *#sources(): AsyncGenerator<AsyncIterable<Uint8Array>> {
    for (const root of await this.#roots()) {
      const files = await this.#fetch(root === '' ? '.' : root);
      if (files !== null) yield files;
    }
    for (const path of this.#links) {
      const files = await this.#fetch(path);
      if (files !== null) yield files;
    }
  }

  #fetch(path: string): Promise<AsyncIterable<Uint8Array> | null> {
    return orAborted(this.#container.getFiles(path), this.#options.signal);
  }

  /** The paths to fetch, so that everything that can match is in them, and nothing twice. */
  async #roots(): Promise<readonly string[]> {
    const roots = new Set<string>();
    for (const pattern of this.#paths) {
      for (const root of pattern.literal ? [pattern.root] : await this.#rootsOfGlob(pattern)) roots.add(root);
    }
    if (roots.has('')) return [''];
    return [...roots].filter((root) => ![...parentsOf(root)].some((parent) => roots.has(parent)));
  }

  async #rootsOfGlob(pattern: ArtifactPattern): Promise<readonly string[]> {
    const listing = this.#container.listFiles(pattern.root === '' ? '.' : pattern.root);
    const listed = await orAborted(listing, this.#options.signal);
    if (listed === null) return [pattern.root];
    const paths = listed.map((path) => pathInside(path)).filter((path) => path !== null);
    const covered = paths.filter((path) => covers(pattern, path));
    const matching = covered.filter((path) => !this.#isExcluded(path));
    // Excluded files may never be read, but they matched.
    if (matching.length < covered.length) this.#matched.add(pattern);
    return matching.length <= fewFiles ? matching : [commonParent(matching)];
  }

  #select(header: TarHeader): TarHeader | null {
    const selected = this.#choose(header);
    if (selected === null) this.#skip(header);
    return selected;
  }

  #choose(header: TarHeader): TarHeader | null {
    const path = pathInside(header.name);
    if (path === null || path === '' || this.#kept.has(path)) return null;
    const matching = this.#paths.filter((pattern) => covers(pattern, path));
    if (matching.length === 0) return null;
    // A directory matters only by itself: it is excluded by excluding everything in it.
    for (const pattern of matching) this.#matched.add(pattern);
    if (this.#isExcluded(path)) return null;
    switch (header.type ?? 'file') {
      case 'file':
      case 'directory':
      case 'symlink':
        break;
      case 'link': {
        const target = pathInside(header.linkname ?? '');
        if (target !== null && this.#kept.has(target)) return this.#keep(path, { ...header, linkname: target });
        this.#links.add(path);
        return null;
      }
      default:
        void this.#options.warn(`artifacts: ignoring ${JSON.stringify(path)}: it is a ${header.type}`);
        return null;
    }
    return this.#keep(path, header);
  }

  #isExcluded(path: string): boolean {
    return this.#excluded.some((pattern) => pattern.matches(path));
  }

  /** Files that are left out are read too, and a sparse one could take hours. */
  #skip(header: TarHeader): void {
    this.#skippedBytes += header.size;
    const { bytes } = this.#options.limits;
    if (this.#skippedBytes <= bytes) return;
    const among = `more than ${formatBytes(bytes)} of files that are not kept lie among those that are`;
    throw new ExecutionBroken(`artifacts: ${among} (last: ${JSON.stringify(header.name)})`, {
      help: 'name the files or their directory in artifacts:paths, so that the others are not read',
    });
  }

  #keep(path: string, header: TarHeader): TarHeader {
    this.#kept.add(path);
    this.#bytes += header.size;
    const { bytes, files } = this.#options.limits;
    if (this.#bytes > bytes) throw new ExecutionBroken(`artifacts are larger than the limit of ${formatBytes(bytes)}`);
    if (this.#kept.size > files) throw new ExecutionBroken(`artifacts have more than ${files} files`);
    // Owners mean nothing outside the container they come from; extended attributes may hold anything.
    const { pax: _, uid: __, gid: ___, uname: ____, gname: _____, ...rest } = header;
    return { ...rest, name: header.type === 'directory' ? `${path}/` : path };
  }
}

function isUsable(pattern: ArtifactPattern | RejectedPattern): pattern is ArtifactPattern {
  return !('why' in pattern);
}

/** The innermost directory that holds all the paths. */
function commonParent(paths: readonly string[]): string {
  let common = (paths[0] ?? '').split('/').slice(0, -1);
  for (const path of paths) {
    const segments = path.split('/').slice(0, -1);
    const differs = common.findIndex((segment, index) => segment !== segments[index]);
    if (differs >= 0) common = common.slice(0, differs);
  }
  return common.join('/');
}

async function* prepend(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

/** The stream, zstd-compressed. */
async function* compress(archive: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const source = Readable.from(archive, { objectMode: false, signal });
  const zstd = createZstdCompress();
  source.on('error', (error) => zstd.destroy(error));
  try {
    yield* source.pipe(zstd);
  } finally {
    source.destroy();
    zstd.destroy();
  }
}
