import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { codes } from '../src/diagnostics/codes.ts';
import { checkCase, parseCase } from './case-file.ts';

const folder = join(import.meta.dirname, '../../../docs/diagnostics');
const kinds = Object.values(codes);

test('every code has a page and every page a code', () => {
  const pages = readdirSync(folder).filter((file) => file !== 'README.md');
  assert.deepEqual(pages.toSorted(), kinds.map((kind) => `${kind.code}.md`).toSorted());
});

test('no code is used for two kinds of problem', () => {
  assert.equal(new Set(kinds.map((kind) => kind.code)).size, kinds.length);
});

test('the index names every page with its title', () => {
  const index = readFileSync(join(folder, 'README.md'), 'utf8');
  for (const { code, title } of kinds) assert.ok(index.includes(`- [${code}](${code}.md): ${title}`), code);
});

for (const { code, title, severity } of kinds) {
  test(`the page of ${code} has its title and an example that gives it`, () => {
    const page = readFileSync(join(folder, `${code}.md`), 'utf8');
    assert.ok(page.startsWith(`# ${code}: ${title}\n`));
    assert.ok(page.includes(severity === 'error' ? '\nAn error. ' : '\nA warning. '));
    const example = /^```yaml\n(.*?)^```$/ms.exec(page)?.[1];
    assert.ok(example, 'there should be an example');
    const found = checkCase(parseCase(code, example)).diagnostics.map((diagnostic) => diagnostic.code);
    assert.ok(found.includes(code), `found ${found}`);
  });
}
