import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

/** The TypeScript files below the top folders that exist, as paths from the root; fixtures and test data are left out. */
export function listSources(root: string, tops: readonly string[]): readonly string[] {
  const present = new Set(readdirSync(root));
  return tops
    .filter((top) => present.has(top))
    .flatMap((top) => readdirSync(join(root, top), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !/(^|\/)(node_modules|testdata|fixtures)\//.test(path));
}
