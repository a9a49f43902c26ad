import { ExitCode } from '../io/exit-codes.ts';
import { outputOption } from '../io/options.ts';
import { serverOptions } from '../remote/find-server.ts';
import type { Command } from './Command.ts';

/** `xx logs`. */
export const logsCommand: Command = {
  name: 'logs',
  summary: 'Show the log of a job on the server, or follow a whole run, while it runs or afterwards',
  arguments: [
    { name: '[run]', description: 'number, id or PIPELINE#NUMBER; the newest of this repository if not given' },
    { name: '[job]', description: 'name of the job; optional with --follow, or if there is only one' },
  ],
  options: [
    {
      flags: '-f, --follow',
      description:
        'go on until the job has ended, over all its attempts; without a job: all of the run, as xx run shows it',
    },
    { flags: '--attempt <number>', description: 'this attempt instead of the last' },
    { flags: '--timestamps', description: 'time and stream (! is stderr, # is xx) before every line' },
    { flags: '--raw', description: 'the exact bytes that the job printed' },
    ...serverOptions,
    outputOption('text', 'json', 'yaml', 'ndjson'),
  ],
  examples: [
    { command: 'xx logs 3 test', explains: 'the log of the job test of run 3' },
    { command: 'xx logs -f', explains: 'the newest run with all its jobs, from its beginning to its end' },
    { command: 'xx logs test -f', explains: 'one job of the newest run, until it ends' },
    { command: 'xx logs demo#3 build --attempt 1 --raw > build.log', explains: 'an earlier attempt, for a file' },
  ],
  async run(input, io) {
    const { showLog } = await import('../remote/show-log.ts');
    await showLog(input, io);
    return ExitCode.success;
  },
};
