import { fileOption, outputOption } from '../io/options.ts';
import { serverOptions } from '../remote/find-server.ts';
import type { Command } from './Command.ts';

/** `xx run`. */
export const runCommand: Command = {
  name: 'run',
  summary: 'Run the pipeline on a server, or with --local here; every job in a container of its own',
  options: [
    { flags: '--local', description: 'on this machine, with its Docker engine' },
    fileOption,
    { flags: '--repo <path|url>', description: 'a clone of this repository instead of the working tree' },
    { flags: '--branch <name>', description: 'a clone at this branch or tag' },
    { flags: '--commit <commit>', description: 'a clone at this commit' },
    { flags: '--var <KEY=VALUE>', description: 'a variable for this run; overrides the file', repeatable: true },
    {
      flags: '--secret <NAME[=VALUE]>',
      description: 'a variable that is masked in logs; without VALUE, taken from the environment',
      repeatable: true,
    },
    { flags: '--job <name>', description: 'only this job and what it needs', repeatable: true },
    { flags: '--play <job>', description: 'start this manual job automatically', repeatable: true },
    { flags: '-j, --jobs <number>', description: 'jobs to run in parallel with --local; processors + 2 if not given' },
    {
      flags: '--workspace <mode>',
      description: 'whether jobs write into their own layers (isolated, the default) or into the tree itself',
      choices: ['isolated', 'shared'],
    },
    {
      flags: '--pull <policy>',
      description: 'when to pull images; overrides the file',
      choices: ['always', 'if-not-present', 'never'],
    },
    {
      flags: '--timeout <time>',
      description: 'for jobs without their own timeout: 90s, 15m, 2h; 1h if not given',
    },
    { flags: '--detach', description: 'print the id of the run and exit' },
    ...serverOptions,
    outputOption('text', 'json', 'yaml', 'ndjson'),
  ],
  examples: [
    { command: 'xx run', explains: 'send the working tree to the server and follow the run' },
    { command: 'xx run --local', explains: 'run the working tree as it is, uncommitted changes included' },
    { command: 'xx run --local --job test --var LEVEL=debug', explains: 'one job with what it needs' },
    { command: 'xx run --local --repo ../other --branch main -o json', explains: 'another repository, for programs' },
  ],
  async run(input, io) {
    const isLocal = input.options['local'] === true;
    const { refuseOptions } = await import('../io/options.ts');
    if (isLocal)
      refuseOptions(input, ['server', 'tokenFile', 'detach'], 'applies to runs on a server only, not to --local');
    const { parseRunOptions } = await import('../run/run-options.ts');
    const { openRunSource } = await import('../run/open-run-source.ts');
    const options = parseRunOptions(input, io.env);
    if (!isLocal) {
      const { runOnServer } = await import('../remote/run-remotely.ts');
      return await runOnServer(input, options, () => openRunSource(options, io), io);
    }
    const { source, home } = await openRunSource(options, io);
    try {
      // Git is at work while this loads.
      const { runLocally } = await import('../local/run-locally.ts');
      return await runLocally(options, source, home, io);
    } finally {
      await source.close();
    }
  },
};
