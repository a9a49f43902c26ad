// Format, lint, import table, clock, sizes, unused code: `npm run lint`; with --fix fixes what it can (`npm run format`).
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';

const root = join(import.meta.dirname, '..');
const fix = process.argv.includes('--fix');
const modules = join(root, 'node_modules');

const knip = [`${modules}/knip/bin/knip.js`, '--no-progress'];

interface Check {
  readonly name: string;
  readonly command: readonly string[];
}

const checks: readonly Check[] = [
  {
    name: 'biome',
    command: [`${modules}/.bin/biome`, 'check', '--error-on-warnings', ...(fix ? ['--write'] : []), root],
  },
  {
    name: 'oxlint',
    command: [`${modules}/.bin/oxlint`, '--type-aware', '--deny-warnings', '-c', join(root, '.oxlintrc.json'), root],
  },
  { name: 'imports', command: [process.execPath, join(root, 'scripts/check-imports.ts')] },
  { name: 'clock', command: [process.execPath, join(root, 'scripts/check-clock.ts')] },
  { name: 'sizes', command: [process.execPath, join(root, 'scripts/check-sizes.ts')] },
  { name: 'knip', command: [process.execPath, ...knip] },
  // Code that only tests use, and exports of a package that no other package uses, unless `@public` says why they stay.
  // Types are part of the signatures they appear in.
  {
    name: 'knip --production',
    command: [process.execPath, ...knip, '--production', '-c', 'knip.production.json', '--exclude', 'types'],
  },
];

const results = await Promise.all(checks.map(async (check) => ({ check, ...(await run(check.command)) })));
for (const { check, code, output } of results) {
  if (code !== 0) process.stdout.write(`--- ${check.name}\n${output.trimEnd()}\n`);
}
const failed = results.filter(({ code }) => code !== 0).map(({ check }) => check.name);
process.stdout.write(failed.length === 0 ? 'lint: clean\n' : `lint: problems found by ${failed.join(', ')}\n`);
process.exitCode = failed.length === 0 ? 0 : 1;

function run([file = '', ...args]: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', (error) => resolve({ code: 1, output: String(error) }));
    child.on('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() }));
  });
}
