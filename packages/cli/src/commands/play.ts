import { ExitCode } from '../io/exit-codes.ts';
import { outputOption } from '../io/options.ts';
import { serverOptions } from '../remote/find-server.ts';
import type { Command } from './Command.ts';

/** `xx play`. */
export const playCommand: Command = {
  name: 'play',
  summary: 'Start a manual job of a run on the server',
  arguments: [
    { name: '<run>', description: 'number, id or PIPELINE#NUMBER' },
    { name: '<job>', description: 'name of the job' },
  ],
  options: [
    { flags: '--var <KEY=VALUE>', description: 'a variable for this job; overrides the file', repeatable: true },
    {
      flags: '--secret <NAME[=VALUE]>',
      description: 'a variable that is masked in logs; without VALUE, taken from the environment',
      repeatable: true,
    },
    ...serverOptions,
    outputOption('text', 'json', 'yaml'),
  ],
  examples: [
    { command: 'xx play 3 deploy', explains: 'start the job deploy of run 3' },
    { command: 'xx play 3 deploy --var TARGET=staging', explains: 'with a variable' },
  ],
  async run(input, io) {
    const { play } = await import('../remote/change-runs.ts');
    await play(input, io);
    return ExitCode.success;
  },
};
