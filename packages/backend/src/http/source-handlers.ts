import { HttpProblem } from '@xx-pipeline/service';
import { checkTree } from './check-tree.ts';
import type { HandlersOf, HttpParts } from './HttpParts.ts';

/** Sources: trees of files by content. */
export function sourceHandlers({
  stores: { snapshots },
}: HttpParts): HandlersOf<'offerSnapshot' | 'putBlob' | 'putBlobs' | 'downloadSnapshot'> {
  return {
    offerSnapshot: async ({ body: { files } }) => {
      const errors = checkTree(files);
      if (errors.length > 0)
        throw new HttpProblem('bad_request', 'the files do not form a tree', { errors: [...errors] });
      return { status: 200, body: await snapshots.offer(files) };
    },
    putBlob: async ({ params: { sha256 }, body }) => {
      if (await snapshots.putBlob(sha256, body)) return { status: 204, body: null };
      throw new HttpProblem('checksum_mismatch', `the bytes do not have the SHA-256 ${sha256}`);
    },
    putBlobs: async ({ body }) => ({
      status: 200,
      body: { digests: await snapshots.putBlobs(splitContents(await readWhole(body))) },
    }),
    downloadSnapshot: async ({ params: { sha256 } }) => {
      const archive = await snapshots.archive(sha256);
      if (archive === null) throw new HttpProblem('not_found', 'there is no such tree, or contents of it are missing');
      return { status: 200, body: archive, headers: { 'content-type': 'application/x-tar' } };
    },
  };
}

async function readWhole(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Length and bytes, again and again. */
function splitContents(bytes: Buffer): Uint8Array[] {
  const contents: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const start = at + 4;
    const end = start > bytes.length ? start : start + bytes.readUInt32BE(at);
    if (end > bytes.length) throw new HttpProblem('bad_request', 'the body ends inside a content');
    contents.push(bytes.subarray(start, end));
    at = end;
  }
  return contents;
}
