import { ExitCode } from '../exit-codes.ts';
import type { Command } from './Command.ts';

/** `xx demo`: sets the machine up, then runs the example pipeline. */
export const demoCommand: Command = {
  name: 'demo',
  summary: 'Set this machine up and run an example pipeline in real containers',
  options: [{ flags: '-y, --yes', description: 'do not ask before system packages are installed' }],
  examples: [
    { command: 'xx demo', explains: 'everything from a bare machine to a finished pipeline' },
    { command: 'sudo xx demo --yes', explains: 'the same without a question' },
  ],
  async run({ options }, io) {
    const { setUpMachine, setupWorld } = await import('../setup/set-up-machine.ts');
    const { makeDemoRepository } = await import('../setup/make-demo-repository.ts');
    const { runCommand } = await import('./run.ts');

    await setUpMachine(io, options['yes'] === true);
    const cwd = await makeDemoRepository(setupWorld(io));
    io.stderr.write(`running ${cwd}/.xx-pipeline.yml\n\n`);
    const code = await runCommand.run({ arguments: [], options: { local: true } }, { ...io, cwd });
    if (code === ExitCode.success) {
      const { nextSteps } = await import('../setup/next-steps.ts');
      io.stderr.write(nextSteps(cwd));
    }
    return code;
  },
};
