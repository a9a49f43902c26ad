import { ExitCode } from '../io/exit-codes.ts';
import { outputOption } from '../io/options.ts';
import { serverOptions } from '../remote/find-server.ts';
import type { Command } from './Command.ts';

/** `xx status`. */
export const statusCommand: Command = {
  name: 'status',
  summary: 'Show the status of a run on the server, or list runs',
  arguments: [
    { name: '[run]', description: 'number, id or PIPELINE#NUMBER; the newest of this repository if not given' },
  ],
  options: [
    { flags: '-l, --list', description: 'all runs, newest first' },
    { flags: '--repo <path|url>', description: 'in the list: only runs of this repository' },
    { flags: '--pipeline <name>', description: 'in the list: only runs of this pipeline' },
    {
      flags: '--status <status>',
      description: 'in the list: only runs with this status',
      choices: ['created', 'pending', 'running', 'success', 'failed', 'canceled', 'skipped', 'manual'],
    },
    { flags: '--limit <number>', description: 'in the list: number of runs; 50 if not given' },
    ...serverOptions,
    outputOption('text', 'json', 'yaml'),
  ],
  examples: [
    { command: 'xx status', explains: 'the newest run of this repository' },
    { command: 'xx status 3', explains: 'run 3 with all its jobs' },
    { command: 'xx status --list --status running', explains: 'everything that is running' },
    { command: 'xx status demo#3 -o json', explains: 'the record of a run, for programs' },
  ],
  async run(input, io) {
    const { showStatus } = await import('../remote/show-status.ts');
    await showStatus(input, io);
    return ExitCode.success;
  },
};
