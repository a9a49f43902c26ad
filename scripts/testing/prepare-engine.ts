import process from 'node:process';
import { setupChecks } from '../../packages/cli/src/setup/checks.ts';
import { renderMend } from '../../packages/cli/src/setup/render-checks.ts';
import { runChecks } from '../../packages/cli/src/setup/run-checks.ts';

/** Brings the Docker engine and the image that tests use; what is missing as text, null when all is there. */
export async function prepareEngine(signal: AbortSignal): Promise<string | null> {
  const world = {
    env: process.env,
    cwd: process.cwd(),
    signal,
    say: (line: string) => process.stdout.write(`  ${line} …\n`),
  };
  const reports = await runChecks(setupChecks, world, { fix: true, confirm: async () => true });
  const missing = reports.filter(({ outcome }) => outcome.state === 'missing');
  if (missing.length === 0) return null;
  return missing
    .map(({ check, outcome }) => `${check.title}: ${outcome.found}\n${renderMend(outcome.mend, '  ')}`)
    .join('')
    .trimEnd();
}
