import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TreeEntry } from '@xx-pipeline/source';
import { writeAtomically } from '../../io/write-atomically.ts';
import { shortHash, slug } from '../../reports/file-names.ts';

const version = 1;

/** A file changed this shortly before it was read may change again without its times showing it. */
const unsureMs = 2000;

type FileEntry = Extract<TreeEntry, { size: number }>;

/**
 * Digests of a tree's files from the last time, so that unchanged ones are not read again. A file counts as unchanged
 * when its times, size and inode are; those read within the clock's grain of a change are not remembered.
 */
export class DigestCache {
  readonly #path: string;
  readonly #known: ReadonlyMap<string, readonly [stamp: string, sha256: string]>;
  readonly #next = new Map<string, readonly [stamp: string, sha256: string]>();
  #changed = false;

  private constructor(path: string, known: ReadonlyMap<string, readonly [string, string]>) {
    this.#path = path;
    this.#known = known;
  }

  /** Opens the cache of a tree; one that cannot be read is empty, and so is one that is to be made afresh. */
  static async open(home: string, root: string, fresh: boolean): Promise<DigestCache> {
    const path = join(home, 'digests', `${slug(root).slice(-40)}-${shortHash(root)}.json`);
    return new DigestCache(path, fresh ? new Map() : await read(path, root));
  }

  /** The digest of a file that has not changed since it was last read. */
  get(entry: FileEntry): string | null {
    const known = this.#known.get(entry.path);
    if (known === undefined || known[0] !== entry.stamp) return null;
    this.#next.set(entry.path, known);
    return known[1];
  }

  /** Remembers a digest; `readAt` is when reading the file began. */
  set(entry: FileEntry, sha256: string, readAt: number): void {
    this.#changed = true;
    if (readAt - entry.changedAt >= unsureMs) this.#next.set(entry.path, [entry.stamp, sha256]);
  }

  /** Writes what is known now. A cache that cannot be written costs time, nothing else. */
  async save(root: string): Promise<void> {
    if (!this.#changed && this.#next.size === this.#known.size) return;
    try {
      await mkdir(join(this.#path, '..'), { recursive: true });
      await writeAtomically(this.#path, JSON.stringify({ version, root, files: [...this.#next] }), { durable: false });
    } catch {}
  }
}

async function read(path: string, root: string): Promise<ReadonlyMap<string, readonly [string, string]>> {
  try {
    const stored = JSON.parse(await readFile(path, 'utf8')) as {
      version: unknown;
      root: unknown;
      files: [string, [string, string]][];
    };
    if (stored.version !== version || stored.root !== root) return new Map();
    return new Map(stored.files.filter(([, [, sha256]]) => /^[0-9a-f]{64}$/.test(sha256)));
  } catch {
    return new Map();
  }
}
