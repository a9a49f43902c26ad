import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';

/** Compares with a file beside the cases; `UPDATE_GOLDEN=1` writes it instead, for a look at the difference in git. */
export function assertGolden(actual: string, url: URL): void {
  if (process.env['UPDATE_GOLDEN']) {
    writeFileSync(url, actual);
    return;
  }
  assert.equal(actual, readFileSync(url, 'utf8'), `differs from ${url.pathname}`);
}
