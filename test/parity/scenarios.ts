import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Expectation } from '../rig/Expectation.ts';

/** A folder of test/scenarios. */
export interface Scenario {
  readonly name: string;
  readonly folder: string;
  readonly expected: Expectation;
}

/** All scenarios that a server has to do with; what `xx check` refuses never gets there. */
export function listScenarios(): readonly Scenario[] {
  const root = join(import.meta.dirname, '../scenarios');
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => {
      const folder = join(root, name);
      return { name, folder, expected: JSON.parse(readFileSync(join(folder, 'expect.json'), 'utf8')) as Expectation };
    })
    .filter(({ expected }) => expected.lint_only !== true && (expected.valid || expected.fails_at === 'create'));
}
