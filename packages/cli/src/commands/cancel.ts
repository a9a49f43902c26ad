import { ExitCode } from '../io/exit-codes.ts';
import { outputOption } from '../io/options.ts';
import { serverOptions } from '../remote/find-server.ts';
import type { Command } from './Command.ts';

/** `xx cancel`. */
export const cancelCommand: Command = {
  name: 'cancel',
  summary: 'Cancel a run on the server, or one job of it',
  arguments: [
    { name: '<run>', description: 'number, id or PIPELINE#NUMBER' },
    { name: '[job]', description: 'only this job' },
  ],
  options: [...serverOptions, outputOption('text', 'json', 'yaml')],
  examples: [
    { command: 'xx cancel 3', explains: 'cancel run 3: running jobs are asked to end, others do not start' },
    { command: 'xx cancel 3 deploy', explains: 'only its job deploy' },
  ],
  async run(input, io) {
    const { cancel } = await import('../remote/change-runs.ts');
    await cancel(input, io);
    return ExitCode.success;
  },
};
