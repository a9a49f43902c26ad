import { createHash, type Hash } from 'node:crypto';
import { logName } from '../logs/log-name.ts';
import { inPieces } from '../storage/in-pieces.ts';
import { KeyedQueue } from '../storage/KeyedQueue.ts';
import { LruCache } from '../storage/LruCache.ts';
import type { PostgresPool } from '../storage/PostgresPool.ts';
import type { ArtifactKey, ArtifactStore, UploadResult } from './ArtifactStore.ts';
import { artifactPath, checkArchive } from './artifact-names.ts';

const pieceSize = 1024 * 1024;

const begin = `insert into artifacts (job_id, attempt, sha256, size, received, whole)
  values ($1, $2, $3, $4, 0, false) on conflict do nothing`;
const find = `select received, whole from artifacts where job_id = $1 and attempt = $2 and sha256 = $3`;
/** Only if no other backend has appended in between. */
const appendPart = {
  name: 'append-artifact',
  text: `with head as (
      update artifacts set received = $4 + length($5::bytea)
      where job_id = $1 and attempt = $2 and sha256 = $3 and received = $4 and not whole returning 1)
    insert into artifact_parts (job_id, attempt, sha256, start, body)
    select $1, $2, $3, $4, $5 from head returning start`,
};
const readPart = {
  name: 'read-artifact',
  text: `select body from artifact_parts where job_id = $1 and attempt = $2 and sha256 = $3 and start = $4`,
};
const dropParts = `delete from artifact_parts where job_id = $1 and attempt = $2 and sha256 = $3`;
const drop = `delete from artifacts where job_id = $1 and attempt = $2 and sha256 = $3`;
const finish = `update artifacts set whole = true where job_id = $1 and attempt = $2 and sha256 = $3`;
const dropOtherParts = `delete from artifact_parts where job_id = $1 and attempt = $2 and sha256 <> $3`;
const dropOthers = `delete from artifacts where job_id = $1 and attempt = $2 and sha256 <> $3`;
const findWhole = `select sha256, size from artifacts where job_id = $1 and attempt = $2 and whole`;

/** The digest of the bytes stored so far, so that finishing need not read them again. */
interface Progress {
  readonly offset: number;
  readonly hash: Hash;
}

/** The size and digest that an upload announces. */
interface Archive {
  readonly size: number;
  readonly sha256: string;
  readonly offset: number;
}

/** Archives in PostgreSQL, in rows of up to 1 MiB; an upload can continue at any backend. */
export class PostgresArtifactStore implements ArtifactStore {
  readonly #pool: PostgresPool;
  readonly #turns = new KeyedQueue();
  readonly #progress = new LruCache<Progress>(100);

  constructor(pool: PostgresPool) {
    this.#pool = pool;
  }

  upload(key: ArtifactKey, archive: Archive, bytes: AsyncIterable<Uint8Array>): Promise<UploadResult> {
    checkArchive(archive);
    return this.#turns.run(logName(key), () => this.#upload(key, archive, bytes));
  }

  async #upload(key: ArtifactKey, archive: Archive, bytes: AsyncIterable<Uint8Array>): Promise<UploadResult> {
    const id = [key.jobId, key.attempt, archive.sha256];
    const stored: UploadResult = { kind: 'stored', path: artifactPath(key) };
    await this.#pool.query(begin, [...id, archive.size]);
    const [head] = await this.#pool.query<{ received: number; whole: boolean }>(find, id);
    const received = head?.received ?? 0;
    if (head?.whole === true) return afterReading(bytes, stored);
    if (archive.offset > received) return afterReading(bytes, { kind: 'gap', nextOffset: received });
    const reached = await this.#append(id, { ...archive, received }, bytes);
    if (reached === 'overtaken') {
      const [now] = await this.#pool.query<{ received: number }>(find, id);
      return afterReading(bytes, { kind: 'gap', nextOffset: now?.received ?? 0 });
    }
    if (reached < archive.size) return { kind: 'partial', nextOffset: reached };
    const isRight = reached === archive.size && (await this.#digest(id, archive.size)) === archive.sha256;
    this.#progress.delete(id.join());
    await this.#pool.transaction(async (runner) => {
      const statements = isRight ? [finish, dropOtherParts, dropOthers] : [dropParts, drop];
      for (const statement of statements) await runner.query(statement, id);
    });
    return isRight ? stored : { kind: 'checksum-mismatch' };
  }

  /** Stores what is not there yet; gives how far it reaches, one more than `size` when that is too far. */
  async #append(
    id: readonly unknown[],
    { offset, size, received }: Archive & { readonly received: number },
    bytes: AsyncIterable<Uint8Array>,
  ): Promise<number | 'overtaken'> {
    let position = offset;
    let reached = received;
    const known = this.#progress.get(id.join());
    const hash = known?.offset === received ? known.hash : received === 0 ? createHash('sha256') : null;
    this.#progress.delete(id.join());
    for await (const piece of inPieces(bytes, pieceSize)) {
      const added = piece.subarray(Math.min(piece.length, Math.max(0, reached - position)));
      position += piece.length;
      if (position > size) return size + 1;
      if (added.length === 0) continue;
      const written = await this.#pool.query(appendPart, [...id, reached, added]);
      if (written.length === 0) return 'overtaken';
      hash?.update(added);
      reached += added.length;
      if (hash !== null) this.#progress.set(id.join(), { offset: reached, hash }, 1);
    }
    return reached;
  }

  async #digest(id: readonly unknown[], size: number): Promise<string> {
    const known = this.#progress.get(id.join());
    if (known?.offset === size) return known.hash.copy().digest('hex');
    const hash = createHash('sha256');
    for await (const part of this.#parts(id, size)) hash.update(part);
    return hash.digest('hex');
  }

  async open(key: ArtifactKey): Promise<AsyncIterable<Uint8Array> | null> {
    logName(key);
    const [whole] = await this.#pool.query<{ sha256: string; size: number }>(findWhole, [key.jobId, key.attempt]);
    return whole === undefined ? null : this.#parts([key.jobId, key.attempt, whole.sha256], whole.size);
  }

  async *#parts(id: readonly unknown[], size: number): AsyncIterable<Uint8Array> {
    for (let start = 0; start < size; ) {
      const [part] = await this.#pool.query<{ body: Buffer }>(readPart, [...id, start]);
      if (part === undefined) throw new Error(`the archive ${id.join(' ')} has no part at ${start}`);
      yield part.body;
      start += part.body.length;
    }
  }

  async close(): Promise<void> {}
}

/** Reads the rest of a request, so that its sender gets to the answer. */
async function afterReading(bytes: AsyncIterable<Uint8Array>, result: UploadResult): Promise<UploadResult> {
  for await (const _ of bytes);
  return result;
}
