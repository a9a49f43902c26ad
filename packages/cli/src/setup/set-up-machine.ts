import { CommandError, type CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { askYesNo, canAsk } from './ask.ts';
import { setupChecks } from './checks.ts';
import { renderMend } from './render-checks.ts';
import { type CheckPolicy, type CheckReport, runChecks } from './run-checks.ts';
import type { SetupWorld } from './SetupCheck.ts';

/** The machine behind a command's streams; progress goes to standard error. */
export function setupWorld(io: CommandIo): SetupWorld {
  return { env: io.env, cwd: io.cwd, signal: io.interrupted, say: (line) => io.stderr.write(`  ${line} …\n`) };
}

/** A person at a terminal is asked before the system is changed; `yes` and everything that is no terminal goes on. */
export function confirmAt(io: CommandIo, yes: boolean): CheckPolicy['confirm'] {
  return async (changes) => yes || !canAsk(io) || (await askYesNo(`xx will ${changes.join(', ')}. Go on?`, io));
}

/** Brings everything jobs need, or throws one error that says all that is missing and how to get it. */
export async function setUpMachine(io: CommandIo, yes: boolean): Promise<void> {
  const reports = await runChecks(setupChecks, setupWorld(io), { fix: true, confirm: confirmAt(io, yes) });
  const error = missingError(reports);
  if (error !== null) throw error;
}

/** One error for all that is missing; null when nothing is. */
function missingError(reports: readonly CheckReport[]): CommandError | null {
  // What only waits for something else that is missing has no advice of its own.
  const missing = reports.filter(({ outcome }) => outcome.state === 'missing' && outcome.mend.length > 0);
  if (missing.length === 0) return null;
  const what = missing.map(({ check, outcome }) => `${check.title}: ${outcome.found}`).join('; ');
  const help = missing.map(({ outcome }) => renderMend(outcome.mend, '        ')).join('');
  return new CommandError(what, ExitCode.machine, help.trim());
}
