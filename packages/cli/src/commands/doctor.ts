import { ExitCode } from '../io/exit-codes.ts';
import type { Command } from './Command.ts';

/** `xx doctor`: what this machine lacks to run jobs, and how to mend it. */
export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Check what jobs need on this machine, and fix it',
  options: [
    { flags: '--fix', description: 'fix what can be fixed (as root on Debian and Ubuntu: everything)' },
    { flags: '-y, --yes', description: 'install system packages without asking' },
    { flags: '-o, --output <format>', description: 'how to print the checks', choices: ['text', 'json'] },
  ],
  examples: [
    { command: 'xx doctor', explains: 'what is there, what is missing, how to get it' },
    { command: 'sudo xx doctor --fix', explains: 'install and start a Docker engine if none is reachable' },
    { command: 'xx doctor -o json', explains: 'the same for a program' },
  ],
  async run({ options }, io) {
    const { runChecks } = await import('../setup/run-checks.ts');
    const { setupChecks } = await import('../setup/checks.ts');
    const { checksAsData, renderCheck } = await import('../setup/render-checks.ts');
    const { confirmAt, setupWorld } = await import('../setup/set-up-machine.ts');
    const json = options['output'] === 'json';

    const reports = await runChecks(setupChecks, setupWorld(io), {
      fix: options['fix'] === true,
      confirm: confirmAt(io, options['yes'] === true),
      done: (report) => {
        if (!json) io.stdout.write(renderCheck(report, io.stdout));
      },
    });
    if (json) io.stdout.write(`${JSON.stringify(checksAsData(reports), null, 2)}\n`);

    const missing = reports.filter(({ outcome }) => outcome.state === 'missing');
    if (missing.length === 0) return ExitCode.success;
    if (options['fix'] !== true && missing.some(({ outcome }) => outcome.fix !== undefined)) {
      io.stderr.write('xx doctor --fix repairs this\n');
    }
    return ExitCode.machine;
  },
};
