import { ExitCode } from '../exit-codes.ts';
import { type Command, CommandError } from './Command.ts';
import { outputOption } from './shared-options.ts';

/** `xx report`. */
export const reportCommand: Command = {
  name: 'report',
  summary: 'Show past runs: all of them, one, one stage of it, or one job with its log',
  options: [
    { flags: '--local', description: 'the runs of this machine' },
    { flags: '--repo <path|url>', description: 'only runs of this repository' },
    { flags: '--pipeline <name>', description: 'only runs of this pipeline' },
    { flags: '--run <number>', description: 'this run; without it the newest, where one is needed' },
    { flags: '--stage <name>', description: 'this stage of the run' },
    { flags: '--job <name>', description: 'this job of the run, with its log' },
    { flags: '--attempt <number>', description: 'the log of this attempt of the job instead of the last' },
    { flags: '--timestamps', description: 'time and stream (! is stderr, # is xx) before every line of the log' },
    { flags: '--raw', description: 'nothing but the log, byte by byte as the job printed it' },
    outputOption('text', 'json', 'yaml'),
  ],
  examples: [
    { command: 'xx report --local', explains: 'every run, newest first' },
    { command: 'xx report --local --run 3', explains: 'one run with all its jobs' },
    { command: 'xx report --local --job test --timestamps', explains: 'the log of a job of the newest run' },
    { command: 'xx report --local --pipeline demo --run 3 -o json', explains: 'a report for programs' },
  ],
  async run(input, io) {
    if (input.options['local'] !== true) {
      throw new CommandError(
        'reports without --local come from a backend, which this version does not have yet',
        ExitCode.usage,
        'xx report --local shows the runs of this machine',
      );
    }
    const { showReports } = await import('../local/show-reports.ts');
    return await showReports(input, io);
  },
};
