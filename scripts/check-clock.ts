// Time only through `Clock`: `./xx --internal-node scripts/check-clock.ts [folder]`.
import { join } from 'node:path';
import process from 'node:process';
import { findClockProblems } from './clock/find-clock-problems.ts';

const problems = findClockProblems(process.argv[2] ?? join(import.meta.dirname, '..'));
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.stdout.write(problems.length === 0 ? 'clock: clean\n' : `clock: ${problems.length} problems\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
