import { ExitCode } from '../io/exit-codes.ts';
import { outputOption } from '../io/options.ts';
import { serverOptions } from '../remote/find-server.ts';
import type { Command } from './Command.ts';

/** `xx retry`. */
export const retryCommand: Command = {
  name: 'retry',
  summary: 'Run the failed and canceled jobs of a run on the server again, or one job',
  arguments: [
    { name: '<run>', description: 'number, id or PIPELINE#NUMBER' },
    { name: '[job]', description: 'only this job and what was skipped because of it' },
  ],
  options: [...serverOptions, outputOption('text', 'json', 'yaml')],
  examples: [
    { command: 'xx retry 3', explains: 'everything in run 3 that failed; earlier attempts are kept' },
    { command: 'xx retry 3 test', explains: 'one finished job' },
  ],
  async run(input, io) {
    const { retry } = await import('../remote/change-runs.ts');
    await retry(input, io);
    return ExitCode.success;
  },
};
