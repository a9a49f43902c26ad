import { outputOption, refuseOptions } from '../io/options.ts';
import { serverOptions } from '../remote/find-server.ts';
import type { Command } from './Command.ts';

/** `xx report`. */
export const reportCommand: Command = {
  name: 'report',
  summary: 'Show past runs: all of them, one, one stage of it, or one job with its log',
  options: [
    { flags: '--local', description: 'the runs of this machine instead of those of the server' },
    { flags: '--repo <path|url>', description: 'only runs of this repository' },
    { flags: '--pipeline <name>', description: 'only runs of this pipeline' },
    { flags: '--run <number>', description: 'this run; the newest if not given and one is needed' },
    { flags: '--stage <name>', description: 'this stage of the run' },
    { flags: '--job <name>', description: 'this job of the run, with its log' },
    { flags: '--attempt <number>', description: 'the log of this attempt of the job instead of the last' },
    { flags: '--timestamps', description: 'time and stream (! is stderr, # is xx) before every line of the log' },
    { flags: '--raw', description: 'nothing but the log, the exact bytes that the job printed' },
    { flags: '--limit <number>', description: 'with a server: number of runs; 50 if not given' },
    ...serverOptions,
    outputOption('text', 'json', 'yaml'),
  ],
  examples: [
    { command: 'xx report', explains: 'the newest runs of the server' },
    { command: 'xx report --local', explains: 'every run, newest first' },
    { command: 'xx report --local --run 3', explains: 'one run with all its jobs' },
    { command: 'xx report --local --job test --timestamps', explains: 'the log of a job of the newest run' },
    { command: 'xx report --local --pipeline demo --run 3 -o json', explains: 'a report for programs' },
  ],
  async run(input, io) {
    if (input.options['local'] !== true) {
      const { showRemoteReports } = await import('../remote/show-remote-reports.ts');
      return await showRemoteReports(input, io);
    }
    refuseOptions(input, ['server', 'tokenFile', 'limit'], 'applies to reports of a server only, not to --local');
    const { showReports } = await import('../reports/show-reports.ts');
    return await showReports(input, io);
  },
};
