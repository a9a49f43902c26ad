// Small files, classes and bags of parts: the limits of docs/development.md.
import { join } from 'node:path';
import process from 'node:process';
import { findSizeProblems } from './sizes/find-size-problems.ts';

const { problems, summary } = findSizeProblems(process.argv[2] ?? join(import.meta.dirname, '..'));
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.stdout.write(`${summary}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
