import type { Report } from '@xx-pipeline/common';
import { CommandError, type CommandIo } from '../io/CommandIo.ts';
import { ExitCode } from '../io/exit-codes.ts';
import { stateDirectory } from '../io/state-directory.ts';
import type { LocalReportStore } from '../reports/LocalReportStore.ts';
import type { Command } from './Command.ts';

/** `xx demo`: sets the machine up, then runs the example pipeline, here and through a server. */
export const demoCommand: Command = {
  name: 'demo',
  summary: 'Set this machine up and run an example pipeline in real containers',
  options: [{ flags: '-y, --yes', description: 'install system packages without asking' }],
  examples: [
    { command: 'xx demo', explains: 'everything from a bare machine to a finished pipeline' },
    { command: 'sudo xx demo --yes', explains: 'the same without asking' },
  ],
  async run({ options }, io) {
    const { setUpMachine, setupWorld } = await import('../setup/set-up-machine.ts');
    const { makeDemoRepository } = await import('../setup/make-demo-repository.ts');
    const { runCommand } = await import('./run.ts');

    await setUpMachine(io, options['yes'] === true);
    const cwd = await makeDemoRepository(setupWorld(io));
    io.stderr.write(`running ${cwd}/.xx-pipeline.yml\n\n`);
    const code = await runCommand.run({ arguments: [], options: { local: true } }, { ...io, cwd });
    if (code !== ExitCode.success) return code;
    const again = await runOnDemoServer(cwd, io);
    if (again === ExitCode.success) {
      const { nextSteps } = await import('../setup/next-steps.ts');
      io.stderr.write(nextSteps(cwd));
    }
    return again;
  },
};

/** The same through `xx server`; both must come to the same report. */
async function runOnDemoServer(cwd: string, io: CommandIo): Promise<ExitCode> {
  const { DemoServer } = await import('../setup/demo-server.ts');
  const { differencesOf } = await import('../setup/compare-reports.ts');
  const { LocalReportStore } = await import('../reports/LocalReportStore.ts');
  const { runCommand } = await import('./run.ts');

  io.stderr.write('\nthe same through a server: starting xx server for it\n\n');
  await using server = await DemoServer.start(io);
  const code = await runCommand.run({ arguments: [], options: {} }, { ...io, cwd, env: server.env });
  if (code !== ExitCode.success) return code;
  const local = await newestReport(new LocalReportStore(stateDirectory(io.env, io.cwd)));
  const differences = differencesOf(local, await server.report(io.interrupted));
  if (differences.length > 0) {
    const help = `local, server:\n${differences.join('\n')}`;
    throw new CommandError('the reports of the server and of the local run differ', ExitCode.machine, help);
  }
  io.stderr.write('\nboth reports agree; the server is stopped\n');
  return code;
}

async function newestReport(store: LocalReportStore): Promise<Report> {
  let newest: Report | null = null;
  for await (const { report } of store.reports()) {
    if (newest === null || report.createdAt > newest.createdAt) newest = report;
  }
  if (newest === null) throw new Error('the local run has left no report');
  return newest;
}
