// Small files: the median and the limit of docs/development.md.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';

const root = join(import.meta.dirname, '..');
const limits = { source: 400, test: 800, median: 100 };

const files = ['packages', 'scripts', 'test', 'bench']
  .flatMap((top) => readdirSync(join(root, top), { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.includes('node_modules'))
  .map((entry) => join(entry.parentPath, entry.name))
  .map((path) => ({ path: relative(root, path), lines: readFileSync(path, 'utf8').split('\n').length - 1 }));

const isTest = (path: string): boolean => /(^|\/)test\//.test(path);
const source = files.filter(({ path }) => !isTest(path)).toSorted((a, b) => a.lines - b.lines);
const median = source[Math.floor(source.length / 2)]?.lines ?? 0;
const problems = files
  .filter(({ path, lines }) => lines > (isTest(path) ? limits.test : limits.source))
  .map(({ path, lines }) => `${path}: ${lines} lines; split it (limit ${isTest(path) ? limits.test : limits.source})`);
if (median > limits.median) problems.push(`the median source file has ${median} lines, more than ${limits.median}`);

for (const problem of problems) process.stdout.write(`${problem}\n`);
process.stdout.write(
  `sizes: ${source.length} source files, median ${median} lines, largest ${source.at(-1)?.lines ?? 0}\n`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
