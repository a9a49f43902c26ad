import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const guide = readFileSync(join(import.meta.dirname, '../../docs/deployment.md'), 'utf8');

/** The one block of docs/deployment.md that has these words: what it tells people to run is what tests run. */
export function guideBlock(words: string): string {
  const found = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)].map((match) => match[1] ?? '');
  const [block, ...more] = found.filter((lines) => lines.includes(words));
  assert(block !== undefined && more.length === 0, words);
  return block;
}
