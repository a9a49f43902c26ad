import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listSources } from '../syntax/list-sources.ts';
import { exceptions as knownExceptions } from './exceptions.ts';
import { measureTypes } from './measure-types.ts';

const limits = { source: 400, test: 800, median: 100, class: 300, bag: 7 };

export interface SizeReport {
  readonly problems: readonly string[];
  /** One line about the source files. */
  readonly summary: string;
}

/** Checks the lengths of files and of classes, and the members of bags of parts. Tests are held to the length of files only. */
export function findSizeProblems(root: string, exceptions: ReadonlyMap<string, number> = knownExceptions): SizeReport {
  const problems: string[] = [];
  const lengths: number[] = [];
  const unused = new Set(exceptions.keys());
  for (const path of listSources(root, ['packages', 'scripts', 'test', 'bench'])) {
    const text = readFileSync(join(root, path), 'utf8');
    const lines = text.split('\n').length - 1;
    const isTest = /(^|\/)test\//.test(path);
    const limit = isTest ? limits.test : limits.source;
    if (lines > limit) problems.push(`${path}: ${lines} lines; split it (limit ${limit})`);
    if (isTest) continue;
    lengths.push(lines);
    for (const { kind, name, line, size } of measureTypes(text)) {
      if (size <= limits[kind]) continue;
      const key = `${path} ${name}`;
      unused.delete(key);
      const allowed = exceptions.get(key) ?? limits[kind];
      if (size > allowed) problems.push(`${path}:${line}: ${advice[kind](name, size, allowed)}`);
    }
  }
  for (const key of unused) {
    problems.push(`${key}: is within its limit; remove it from scripts/sizes/exceptions.ts`);
  }
  const sorted = lengths.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  if (median > limits.median) problems.push(`the median source file has ${median} lines (limit ${limits.median})`);
  const summary = `sizes: ${sorted.length} source files, median ${median} lines, largest ${sorted.at(-1) ?? 0}`;
  return { problems, summary };
}

const advice = {
  class: (name: string, size: number, limit: number) => `class ${name} has ${size} lines; split it (limit ${limit})`,
  bag: (name: string, size: number, limit: number) =>
    `${name} has ${size} members; group those that are used together into types of their own (limit ${limit})`,
};
