import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listSources } from '../syntax/list-sources.ts';
import { mayUseSystemTime } from './exceptions.ts';
import { readTimeUses } from './read-time-uses.ts';

/** Finds code in packages/NAME/src that takes the time from the system instead of from a `Clock`. */
export function findClockProblems(
  root: string,
  exceptions: ReadonlyMap<string, string> = mayUseSystemTime,
): readonly string[] {
  const problems: string[] = [];
  const unused = new Set(exceptions.keys());
  for (const path of listSources(root, ['packages'])) {
    if (!/^packages\/[^/]+\/src\//.test(path) || path.startsWith('packages/testing/')) continue;
    const uses = readTimeUses(readFileSync(join(root, path), 'utf8'));
    if (uses.length > 0 && exceptions.has(path)) unused.delete(path);
    else {
      for (const { name, line } of uses) {
        problems.push(`${path}:${line}: ${name}; take a \`Clock\`, or give a reason in scripts/clock/exceptions.ts`);
      }
    }
  }
  for (const path of unused) {
    problems.push(`${path}: does not use the system's time; remove it from scripts/clock/exceptions.ts`);
  }
  return problems;
}
