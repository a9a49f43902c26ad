// Who imports whom, and who must not: `./xx --internal-node scripts/check-imports.ts [folder]`.
import { join } from 'node:path';
import process from 'node:process';
import { findImportProblems } from './imports/find-import-problems.ts';

const problems = findImportProblems(process.argv[2] ?? join(import.meta.dirname, '..'));
for (const { at, message } of problems) process.stdout.write(`${at}  ${message}\n`);
process.stdout.write(problems.length === 0 ? 'imports: as the table says\n' : `imports: ${problems.length} problems\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
