import { createHash, hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** Files up to this size are read whole. */
const wholeLimit = 32 * 1024 * 1024;
/** Above it a digest is worth another thread. */
const threadLimit = 64 * 1024;

/** SHA-256 of a file, hex. `size` is what it is expected to be; it decides how it is read. */
export async function hashFile(path: string, size: number): Promise<string> {
  if (size > wholeLimit) return await hashStream(path);
  const bytes = await readFile(path);
  if (bytes.length < threadLimit) return hash('sha256', bytes, 'hex');
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
}

async function hashStream(path: string): Promise<string> {
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) digest.update(chunk as Buffer);
  return digest.digest('hex');
}
