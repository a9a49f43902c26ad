import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { keywordPage } from './keyword-page.ts';

test('docs/keywords.md says what the keyword tables say; UPDATE_GOLDEN=1 rewrites it', () => {
  const path = join(import.meta.dirname, '../../../docs/keywords.md');
  if (process.env['UPDATE_GOLDEN']) writeFileSync(path, keywordPage());
  assert.equal(readFileSync(path, 'utf8'), keywordPage());
});
