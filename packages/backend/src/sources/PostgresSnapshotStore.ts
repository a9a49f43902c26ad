import { createHash, hash, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import type { Clock, SnapshotFile } from '@xx-pipeline/common';
import { inPieces } from '../storage/in-pieces.ts';
import { LruCache } from '../storage/LruCache.ts';
import type { PostgresPool } from '../storage/PostgresPool.ts';
import { packTree, type TreeContents } from './pack-tree.ts';
import type { SnapshotStore } from './SnapshotStore.ts';
import { canonicalTree, contentsOf } from './tree.ts';

const pieceSize = 1024 * 1024;
const leftoverMs = 24 * 3600 * 1000;
/** Short contents stored by one statement. */
const manyRows = 200;
const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

const insertTree = `insert into trees (id, body) values ($1, $2) on conflict do nothing`;
const readTree = `select body from trees where id = $1`;
const findMissing = `select v.sha256 from unnest($1::text[], $2::bigint[]) as v (sha256, size)
  where not exists (select from blobs where blobs.sha256 = v.sha256 and blobs.size = v.size)`;
const insertSmall = {
  name: 'insert-blob',
  text: `with head as (
      insert into blobs (sha256, size, upload) values ($1, $2, $3) on conflict do nothing returning upload)
    insert into blob_parts (upload, place, body) select upload, 0, $4 from head`,
};
const insertMany = {
  name: 'insert-blobs',
  text: `with given as (
      select * from unnest($1::text[], $2::bigint[], $3::uuid[], $4::bytea[]) as v (sha256, size, upload, body)),
    head as (insert into blobs (sha256, size, upload) select sha256, size, upload from given
      on conflict do nothing returning upload)
    insert into blob_parts (upload, place, body) select upload, 0, body from given join head using (upload)`,
};
const beginUpload = `insert into blob_uploads (id, started_at) values ($1, $2)`;
const insertPart = `insert into blob_parts (upload, place, body) values ($1, $2, $3)`;
const finishUpload = `insert into blobs (sha256, size, upload) values ($1, $2, $3) on conflict do nothing
  returning upload`;
const dropUpload = `delete from blob_uploads where id = $1`;
const dropParts = `delete from blob_parts where upload = $1`;
const oldUploads = `select id from blob_uploads where started_at < $1`;
const readSmall = {
  name: 'read-blobs',
  text: `select blobs.sha256, blob_parts.body from blobs
    join blob_parts on blob_parts.upload = blobs.upload and blob_parts.place = 0 where blobs.sha256 = any($1::text[])`,
};
const readPiece = {
  name: 'read-blob',
  text: `select blob_parts.body from blobs join blob_parts on blob_parts.upload = blobs.upload
    where blobs.sha256 = $1 and blob_parts.place = $2`,
};

/** Trees and their contents in PostgreSQL: any backend serves any of them without a shared disk. */
export class PostgresSnapshotStore implements SnapshotStore {
  readonly #pool: PostgresPool;
  readonly #clock: Clock;
  /** Trees found complete: contents are never removed. */
  readonly #known = new LruCache<true>(1000);

  constructor(pool: PostgresPool, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  async offer(files: readonly SnapshotFile[]): Promise<{ id: string; missing: string[] }> {
    const tree = canonicalTree(files);
    await this.#pool.query(insertTree, [tree.id, await compress(tree.text)]);
    return { id: tree.id, missing: await this.#missing(tree.files) };
  }

  async putBlob(sha256: string, bytes: AsyncIterable<Uint8Array>): Promise<boolean> {
    if (!/^[0-9a-f]{64}$/.test(sha256)) throw new Error('a digest is 64 hexadecimal digits');
    const upload = randomUUID();
    const hash = createHash('sha256');
    let size = 0;
    let place = 0;
    /** It has parts that belong to no content. */
    let isOpen = false;
    let held: Buffer = Buffer.alloc(0);
    try {
      for await (const piece of inPieces(bytes, pieceSize)) {
        hash.update(piece);
        size += piece.length;
        // The first piece waits: most contents are no longer.
        if (size > piece.length) {
          if (!isOpen) await this.#pool.query(beginUpload, [upload, this.#clock.now()]);
          isOpen = true;
          await this.#pool.query(insertPart, [upload, place, held]);
          place += 1;
        }
        held = piece;
      }
      const isRight = hash.digest('hex') === sha256;
      if (place === 0) {
        if (isRight) await this.#pool.query(insertSmall, [sha256, size, upload, held]);
        return isRight;
      }
      if (isRight) {
        await this.#pool.query(insertPart, [upload, place, held]);
        const mine = await this.#pool.query(finishUpload, [sha256, size, upload]);
        if (mine.length > 0) {
          isOpen = false;
          await this.#endUpload(upload, false);
        }
      }
      return isRight;
    } finally {
      if (isOpen) await this.#endUpload(upload, true);
    }
  }

  async putBlobs(contents: readonly Uint8Array[]): Promise<string[]> {
    const digests = contents.map((content) => hash('sha256', content, 'hex'));
    // In one order, so that two who bring the same never wait for each other.
    const rows = [...new Map(digests.map((digest, index) => [digest, contents[index] as Uint8Array]))];
    rows.sort(([left], [right]) => (left < right ? -1 : 1));
    for (let from = 0; from < rows.length; from += manyRows) {
      const some = rows.slice(from, from + manyRows);
      await this.#pool.query(insertMany, [
        some.map(([digest]) => digest),
        some.map(([, { length }]) => length),
        some.map(() => randomUUID()),
        some.map(([, content]) => Buffer.from(content.buffer, content.byteOffset, content.length)),
      ]);
    }
    return digests;
  }

  /** Deletes an upload, and its parts unless they now belong to a content. */
  async #endUpload(upload: string, hasUnusedParts: boolean): Promise<void> {
    if (hasUnusedParts) await this.#pool.query(dropParts, [upload]);
    await this.#pool.query(dropUpload, [upload]);
  }

  /** Removes what killed uploads have left. */
  async removeLeftovers(): Promise<void> {
    for (const { id } of await this.#pool.query<{ id: string }>(oldUploads, [this.#clock.now() - leftoverMs])) {
      const used = await this.#pool.query(`select from blobs where upload = $1`, [id]);
      await this.#endUpload(id, used.length === 0);
    }
  }

  async isComplete(id: string): Promise<boolean> {
    return (await this.#complete(id)) !== null;
  }

  async archive(id: string): Promise<AsyncIterable<Uint8Array> | null> {
    const files = await this.#complete(id);
    return files === null ? null : packTree(files, this.#contents);
  }

  async close(): Promise<void> {}

  readonly #contents: TreeContents = {
    read: async (sha256s) => {
      const rows = await this.#pool.query<{ sha256: string; body: Buffer }>(readSmall, [sha256s]);
      return new Map(rows.map(({ sha256, body }) => [sha256, body]));
    },
    stream: (sha256, size) => this.#pieces(sha256, size),
  };

  async *#pieces(sha256: string, size: number): AsyncIterable<Uint8Array> {
    for (let place = 0; place * pieceSize < size; place++) {
      const [piece] = await this.#pool.query<{ body: Buffer }>(readPiece, [sha256, place]);
      if (piece === undefined) return;
      yield piece.body;
    }
  }

  async #complete(id: string): Promise<SnapshotFile[] | null> {
    const [row] = await this.#pool.query<{ body: Buffer }>(readTree, [id]);
    if (row === undefined) return null;
    const files = JSON.parse((await decompress(row.body)).toString('utf8')) as SnapshotFile[];
    if (this.#known.get(id) === true) return files;
    if ((await this.#missing(files)).length > 0) return null;
    this.#known.set(id, true, 1);
    return files;
  }

  async #missing(files: readonly SnapshotFile[]): Promise<string[]> {
    const contents = contentsOf(files);
    const rows = await this.#pool.query<{ sha256: string }>(findMissing, [
      [...contents.keys()],
      [...contents.values()],
    ]);
    return rows.map(({ sha256 }) => sha256);
  }
}
